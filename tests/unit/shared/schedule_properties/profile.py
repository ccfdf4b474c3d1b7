"""How much is tried: SCHEDULE_PROPERTIES=long tries far more, from a seed of hypothesis's own (`--hypothesis-seed`)."""

import os

from hypothesis import settings

LONG = os.environ.get("SCHEDULE_PROPERTIES") == "long"
_FACTOR = 20


def examples(count: int) -> settings:
    """So many examples in the short form, the same ones each time; twenty times as many others in the long one."""
    return settings(
        max_examples=count * _FACTOR if LONG else count,
        derandomize=not LONG,
        deadline=None,
        database=None,
        print_blob=True,
    )
