"""What one daemon under test is to suffer: handed over in one environment variable."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VARIABLE = "FAULT_PLAN"


@dataclass(frozen=True, slots=True)
class Plan:
    """journal: folder of the journals; clock: file with the offset of the wall clock; failpoint: where it kills
    itself, at the `after`-th time that it comes there; off: protections that are switched off.
    """

    journal: Path
    clock: Path | None = None
    failpoint: str | None = None
    after: int = 1
    off: tuple[str, ...] = ()

    def to_environment(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self), default=str)}

    @classmethod
    def from_environment(cls) -> "Plan":
        given: dict[str, Any] = json.loads(os.environ[VARIABLE])
        clock = given["clock"]
        return cls(
            Path(given["journal"]), clock and Path(clock), given["failpoint"], given["after"], tuple(given["off"])
        )
