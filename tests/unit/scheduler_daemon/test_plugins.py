"""Loading job templates: a broken one stops the start, with its name."""

from importlib.metadata import EntryPoint

import pytest

from scheduler_daemon.job_template import JobExecutionContext, JobResult, JobTemplate
from scheduler_daemon.plugins import GROUP, load_templates, publish
from shared.errors import PluginError
from tests.support.documents import MONDAY


class Nameless(JobTemplate):
    type = "nameless"

    async def execute(self, context: JobExecutionContext) -> JobResult:
        return JobResult.success(context.run_id)


class Unfinished(JobTemplate):
    type = name = category = "unfinished"


def made() -> type[JobTemplate]:
    class Local(JobTemplate):
        type = name = category = "local"

        def execute(self, context: JobExecutionContext) -> JobResult:
            return JobResult.success(context.run_id)

    return Local


LocalTemplate = made()


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


HERE = "tests.unit.scheduler_daemon.test_plugins"
NOOP = entry("noop", "scheduler_daemon.job_templates.noop_template:NoopTemplate")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (entry("gone", "no_such_module:Template"), "cannot be imported"),
        (entry("other", "datetime:datetime"), "not a subclass of JobTemplate"),
        (entry("nameless", f"{HERE}:Nameless"), "does not declare name, category"),
        (entry("unfinished", f"{HERE}:Unfinished"), "execute"),
        (entry("twin", NOOP.value), "exists twice"),
        (entry("local", f"{HERE}:LocalTemplate"), "at the top level of its module"),
    ],
)
def test_a_broken_plugin_stops_the_start_and_is_named(broken: EntryPoint, reason: str):
    with pytest.raises(PluginError, match=reason) as caught:
        load_templates([NOOP, broken])
    assert broken.name in str(caught.value)


def test_no_plugin_at_all_is_a_broken_installation():
    with pytest.raises(PluginError, match="no job template is installed"):
        load_templates([])


def test_the_catalogue_shows_parameters_in_camel_case_with_their_schema():
    (published,) = publish(load_templates([NOOP]), MONDAY)
    assert published.type == "noop"
    assert set(published.parameters_schema["properties"]) == {"duration", "outcome"}
    assert published.parameters_schema["additionalProperties"] is False


def test_the_installed_project_offers_its_own_templates():
    assert {"noop", "email_notifier", "scheduled_notification_processor"} <= set(load_templates())
