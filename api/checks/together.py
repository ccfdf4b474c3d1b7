"""Several checks of one request, so that a person reads all that is wrong at the first try."""

from collections.abc import Callable
from typing import TypeVar

from api.problems import FieldFault, Problem, ProblemCode, invalid_fields
from shared.errors import InvalidDefinition

Made = TypeVar("Made")


def with_all_faults(make: Callable[[], Made], *checks: Callable[[], object]) -> Made:
    """What `make` makes, after all checks. One Problem 422 names the fields that any of them refuses."""
    faults: list[FieldFault] = []
    for check in checks:
        _collect(check, faults)
    made = _collect(make, faults)
    if made is None or faults:
        raise invalid_fields(faults)
    return made


def _collect(step: Callable[[], Made], faults: list[FieldFault]) -> Made | None:
    """What the step makes; None after it added its faults."""
    try:
        return step()
    except InvalidDefinition as fault:
        faults.append(FieldFault(fault.field, fault.code, fault.detail))
    except Problem as problem:
        if problem.code is not ProblemCode.INVALID_FIELDS:
            raise
        faults += problem.errors
    return None
