"""How many runs of one template may be executed at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from scheduler_daemon.job_template import JobTemplate
from shared.errors import SettingsError
from shared.queries.run_documents import RunDocument


class TemplateLimits:
    """The limits of the settings, and otherwise those that templates declare."""

    def __init__(
        self,
        templates: Mapping[str, JobTemplate],
        settings: Mapping[str, int],
        running_of: Callable[[str], int],
    ) -> None:
        """running_of: how many runs of a template are executed now. SettingsError: a limit for an unknown template."""
        for kind in settings:
            if kind not in templates:
                known = ", ".join(sorted(templates))
                raise SettingsError(f"DAEMON_TEMPLATE_LIMITS: no template {kind!r} is installed; there are: {known}")
        declared = {kind: template.max_concurrent for kind, template in templates.items()}
        self._limits = {kind: most for kind, most in {**declared, **settings}.items() if most is not None}
        self._running_of = running_of

    def full(self) -> list[str]:
        """The templates of which no further run may start now; nearly always none."""
        return [kind for kind, most in self._limits.items() if self._running_of(kind) >= most]

    def was_full(self, template: str) -> bool:
        """Whether the run of this template that has just ended made room for another one."""
        return template in self._limits and self._running_of(template) >= self._limits[template] - 1

    def first_fitting(self, runs: Iterable[RunDocument], most: int) -> set[str]:
        """The ids of the first `most` runs that no limit holds back."""
        chosen: set[str] = set()
        taken: Counter[str] = Counter()
        for run in runs:
            if len(chosen) >= most:
                break
            template = run["template"]
            limit = self._limits.get(template)
            if limit is not None:
                if self._running_of(template) + taken[template] >= limit:
                    continue
                taken[template] += 1
            chosen.add(run["_id"])
        return chosen
