"""The rules of the code base hold; each check is seen failing on a planted violation."""

import pytest

from tests.architecture import source_rules
from tests.architecture.source_tree import REPOSITORY

CHECKS = [
    source_rules.long_modules,
    source_rules.vague_modules,
    source_rules.driver_imports,
    source_rules.sleeping_tests,
    source_rules.collections_without_model,
    source_rules.names_lost,
]
COLLECTIONS = 'DYNAMIC_JOBS = "dynamic_jobs"\nS = "scheduled_notifications"\nQ = "notification_queue"\nOPTIONS = {}\n'
JOBS = '''
class JobProgress:
    """`dynamic_jobs`, `scheduled_notifications`, `notification_queue`."""
    next_run: int
'''
SOUND = {
    **{
        place: "".join(f"class {name}:\n    pass\n" for name in wanted)
        for place, wanted in source_rules.NAMES_KEPT.items()
    },
    "shared/collections.py": COLLECTIONS,
    "shared/models/jobs.py": JOBS,
    "api/store/jobs.py": "import pymongo\nfrom bson import ObjectId\n",
    "scheduler_daemon/store/runs.py": "from pymongo import UpdateOne\n",
    "tests/support/waiting.py": "import time\ntime.sleep(0.01)\n",
    "tests/benchmarks/drain.py": "import time\ntime.sleep(5)\n",
    "tests/unit/test_a.py": "import asyncio\nasync def test():\n    await asyncio.sleep(0)\n",
}  # fmt: skip
# check, file, what is written there, a part of the violation
VIOLATIONS = [
    (CHECKS[0], "api/long.py", "x = 1\n" * 401, "api/long.py has 401 lines"),
    (CHECKS[0], "tests/unit/test_long.py", "x = 1\n" * 401, "test_long.py"),
    (CHECKS[1], "shared/utils.py", "", "shared/utils.py"),
    (CHECKS[1], "api/helpers/a.py", "", "api/helpers/a.py"),
    (CHECKS[2], "api/routes/jobs.py", "from pymongo.errors import PyMongoError\n", "api/routes/jobs.py:1"),
    (CHECKS[2], "shared/store/a.py", "import pymongo\n", "shared/store/a.py:1"),
    (CHECKS[2], "scheduler_daemon/scheduling/store.py", "import pymongo\n", "scheduling/store.py:1"),
    (CHECKS[3], "tests/unit/test_b.py", "import time\ntime.sleep(0.1)\n", "test_b.py:2 time.sleep"),
    (CHECKS[3], "tests/unit/test_b.py", "from time import sleep\nsleep(0.1)\n", "test_b.py:2 sleep"),
    (CHECKS[3], "tests/support/b.py", "import asyncio\nasyncio.sleep(2)\n", "b.py:2 asyncio.sleep"),
    (CHECKS[4], "shared/collections.py", COLLECTIONS + 'NEW = "novelties"\n', "novelties"),
    (CHECKS[5], "scheduler_daemon/notifications/service.py", "", "NotificationService"),
    (CHECKS[5], "shared/collections.py", 'DYNAMIC_JOBS = "jobs"\n', "dynamic_jobs"),
    (CHECKS[5], "shared/models/jobs.py", "", "nextRun"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_repository_keeps_the_rule(check):
    assert check(REPOSITORY) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_tree_passes(plant_tree, check):
    assert check(plant_tree(SOUND)) == []


@pytest.mark.parametrize(("check", "place", "text", "words"), VIOLATIONS)
def test_a_planted_violation_is_found(plant_tree, check, place, text, words):
    violations = check(plant_tree({**SOUND, place: text}))
    assert words in " ".join(violations)
