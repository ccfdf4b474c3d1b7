"""Job templates of tests for a real daemon: a folder that Python takes for an installed package."""

import os
from pathlib import Path

from scheduler_daemon.job_template import JobTemplate
from scheduler_daemon.plugins import GROUP
from tests.support.environment import ROOT


def path_with_templates(folder: Path, *templates: type[JobTemplate]) -> str:
    """A PYTHONPATH on which these templates are registered, besides the project's own."""
    package = folder / "plugins" / "templates_of_tests-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: templates-of-tests\nVersion: 1.0\n")
    entries = [f"{each.type} = {each.__module__}:{each.__qualname__}" for each in templates]
    (package / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *entries, ""]))
    return os.pathsep.join([str(ROOT), str(package.parent)])
