"""`python -m tests.benchmarks [--quick] [--only drain,idle] [--minutes N] [--json FILE]`: exit 1 if a ratio is missed.

The full form takes about half an hour on two cores, the short one four minutes. Run it alone on the machine.
"""

import argparse
import dataclasses
import json
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks import (
    api_load,
    drain,
    endurance,
    export,
    fan_out,
    first_view,
    idle,
    mail,
    pass_cost,
    reaction,
    steady,
)
from tests.benchmarks.bench import Bench, say
from tests.benchmarks.figures import HEAD, Figure, written
from tests.benchmarks.machine import BUSY_SHARE, busy_share, description
from tests.benchmarks.sizes import FULL, QUICK
from tests.support.mongod_server import MongodServer

MEASURES: dict[str, Callable[[Bench], list[Figure]]] = {
    "drain": drain.measure,
    "steady": steady.measure,
    "reaction": reaction.measure,
    "idle": idle.measure,
    "pass": pass_cost.measure,
    "fan-out": fan_out.measure,
    "e-mail": mail.measure,
    "export": export.measure,
    "api": api_load.measure,
    "web-ui": first_view.measure,
    "endurance": endurance.measure,
}
DEFAULT_JSON = Path("var/benchmarks.json")


def main() -> int:
    """0 when every ratio reaches its bound and every measure could be taken."""
    options = _options()
    sizes = QUICK if options.quick else FULL
    if options.minutes is not None:
        sizes = dataclasses.replace(sizes, endurance_seconds=round(options.minutes * 60))
    machine, began = description(), datetime.now(UTC)
    server = MongodServer()
    try:
        uri = server.uri
        bench = Bench(uri, server.pid, sizes)
        figures, faults, warnings = _measure(bench, options.only)
    finally:
        server.stop()
    report = {
        "at": began.isoformat(timespec="seconds"),
        "machine": machine,
        "form": "quick" if options.quick else "full",
        "seconds": round((datetime.now(UTC) - began).total_seconds()),
        "figures": [figure.to_json() for figure in figures],
        "failed": faults,
        "warnings": warnings,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=2) + "\n")
    sys.stdout.write(_table(figures, report))
    sys.stdout.write(f"written to {options.json}\n")
    return 1 if faults or any(figure.missed for figure in figures) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the short form")
    parser.add_argument("--only", type=_names, default=list(MEASURES), help=f"some of {','.join(MEASURES)}")
    parser.add_argument("--minutes", type=float, help="length of the endurance measure (10)")
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON, help=f"where the figures go ({DEFAULT_JSON})")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = set(names) - MEASURES.keys()
    if unknown:
        raise argparse.ArgumentTypeError(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    return names


def _measure(bench: Bench, names: list[str]) -> tuple[list[Figure], dict[str, str], list[str]]:
    """Figures; measures that failed, with the reason; what makes the figures doubtful."""
    figures: list[Figure] = []
    faults: dict[str, str] = {}
    warnings: list[str] = []
    for name in names:
        share = busy_share(bench.mongod_pid)
        if share > BUSY_SHARE:
            warnings.append(f"before {name}: others used {share:.0%} of the CPUs; its figures are doubtful")
            say(f"WARNING: {warnings[-1]}")
        began = time.monotonic()
        try:
            figures += MEASURES[name](bench)
        except Exception as fault:  # the other measures still count
            traceback.print_exc()
            faults[name] = f"{type(fault).__name__}: {str(fault)[:500]}"
        say(f"{name}: {time.monotonic() - began:.0f} s")
    return figures, faults, warnings


def _table(figures: list[Figure], report: dict[str, Any]) -> str:
    lines = [f"{report['machine']}; {report['form']} form, {report['seconds']} s", HEAD, "-" * len(HEAD)]
    lines += [written(figure) for figure in figures]
    lines += [f"WARNING: {warning}" for warning in report["warnings"]]
    lines += [f"FAILED: {name}: {reason}" for name, reason in report["failed"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
