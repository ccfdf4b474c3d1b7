"""The invariants of the database as data: what each promises, and the pipeline that answers what breaks it."""

from datetime import datetime

from shared.queries.audit.check import Check
from shared.queries.audit.commands import COMMAND_CHECKS
from shared.queries.audit.controls import CONTROL_CHECKS
from shared.queries.audit.definitions import DEFINITION_CHECKS
from shared.queries.audit.fan_outs import fan_out_checks
from shared.queries.audit.leadership import LEADERSHIP_CHECKS
from shared.queries.audit.messages import MESSAGE_CHECKS
from shared.queries.audit.notices import notice_checks
from shared.queries.audit.orphans import orphan_checks
from shared.queries.audit.readiness import planning_checks, starting_checks
from shared.queries.audit.run_attempts import attempt_checks
from shared.queries.audit.runs import RUN_CHECKS
from shared.queries.audit.shapes import DATE_CHECKS, SIZE_CHECKS

__all__ = ["Check", "all_checks"]


def all_checks(
    now: datetime, kept_since: datetime, *, expect_daemon: bool, under_maintenance: bool = False
) -> tuple[Check, ...]:
    """Every check. kept_since: what ended later cannot have expired; expect_daemon: whether work should be going on.

    under_maintenance: it is on, or was a minute ago, so nothing needs to have started.
    """
    return (
        *RUN_CHECKS,
        *attempt_checks(now),
        *LEADERSHIP_CHECKS,
        *MESSAGE_CHECKS,
        *notice_checks(now),
        *fan_out_checks(now),
        *COMMAND_CHECKS,
        *DEFINITION_CHECKS,
        *CONTROL_CHECKS,
        *orphan_checks(now, kept_since),
        *DATE_CHECKS,
        *SIZE_CHECKS,
        *(planning_checks(now) if expect_daemon else ()),
        *(starting_checks(now) if expect_daemon and not under_maintenance else ()),
    )
