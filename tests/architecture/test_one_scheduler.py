"""There is one scheduler; each check is seen failing on a planted violation."""

import pytest

from tests.architecture import one_scheduler
from tests.architecture.source_tree import REPOSITORY

HOME = """
class UnifiedScheduler:
    pass

def initialize_unified_scheduler(db):
    unified_scheduler = UnifiedScheduler(db)
    log.info("Unified Scheduler initialized")
    return unified_scheduler
"""
SOUND = {
    "scheduler_daemon/unified_scheduler.py": HOME,
    "scheduler_daemon/composition.py": "import home\nhome.initialize_unified_scheduler(1)\n",
    "scheduler_daemon/job_templates/test_scheduler_template.py": "class TestSchedulerTemplate:\n    pass\n",
    "shared/models/base.py": "class SchedulerError(Exception):\n    pass\n",
    "api/routes/jobs.py": "import flask\nfrom shared.models import base\n",
}  # fmt: skip
CHECKS = [
    one_scheduler.other_scheduler_classes,
    one_scheduler.other_creations,
    one_scheduler.initializations,
    one_scheduler.initialization_events,
    one_scheduler.imports_across,
]
# check, file, what is written there, a part of the violation
VIOLATIONS = [
    (CHECKS[0], "api/extra.py", "class ScheduledNotificationScheduler:\n    pass\n", "ScheduledNotificationScheduler"),
    (CHECKS[0], "scheduler_daemon/unified_scheduler.py", "x = 1\n", "no class UnifiedScheduler"),
    (CHECKS[1], "scheduler_daemon/second.py", "import a\nscheduler = a.UnifiedScheduler(1)\n", "second.py:2"),
    (CHECKS[1], "scheduler_daemon/unified_scheduler.py", HOME + "\nsecond = UnifiedScheduler(1)\n", ":10"),
    (CHECKS[1], "scheduler_daemon/unified_scheduler.py", HOME.replace("UnifiedScheduler(db)", "1"), "makes 0"),
    (CHECKS[2], "api/extra.py", "initialize_unified_scheduler(1)\n", "called 2 times"),
    (CHECKS[2], "scheduler_daemon/composition.py", "", "called 0 times"),
    (CHECKS[2], "api/extra.py", "def initialize_unified_scheduler():\n    pass\n", "defined at api/extra.py:1"),
    (CHECKS[3], "shared/extra.py", "print('✅ Unified Scheduler initialized')\n", "said 2 times"),
    (CHECKS[4], "api/routes/extra.py", "def f():\n    from scheduler_daemon.store import mongo\n", "extra.py:2"),
    (CHECKS[4], "scheduler_daemon/extra.py", "import api.store as s\n", "imports api"),
    (CHECKS[4], "shared/extra.py", "import scheduler_daemon\n", "imports scheduler_daemon"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_repository_has_one_scheduler(check):
    assert check(REPOSITORY) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_tree_passes(plant_tree, check):
    assert check(plant_tree(SOUND)) == []


@pytest.mark.parametrize(("check", "place", "text", "words"), VIOLATIONS)
def test_a_planted_violation_is_found(plant_tree, check, place, text, words):
    violations = check(plant_tree({**SOUND, place: text}))
    assert words in " ".join(violations)
