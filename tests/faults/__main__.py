"""`python -m tests.faults [--suite NAME ...] [--seed N] [--json FILE]`: the long form of the fault tests.

Prints its progress and a table; exits with 1 if a suite found a fault, or a negative control did not.
"""

import argparse
import secrets
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.faults.measure import measure
from tests.faults.report import as_json, table
from tests.faults.suites.catalogue import SUITES

AT_ONCE = 2


def main() -> int:
    """0 when every suite is clean and every control finds what it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--suite", action="append", choices=sorted(SUITES), help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=None, help="what happens when; printed if not given")
    parser.add_argument("--short", action="store_true", help="the amounts of `make test`")
    parser.add_argument("--parallel", type=int, default=AT_ONCE, help="suites at the same time")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    seed = secrets.randbits(32) if options.seed is None else options.seed
    names = [name for name in SUITES if options.suite is None or name in options.suite]
    sys.stdout.write(f"seed {seed}; suites {', '.join(names)}\n")
    sys.stdout.flush()
    began = time.monotonic()
    with ProcessPoolExecutor(min(options.parallel, len(names)), max_tasks_per_child=1) as pool:
        pending = [pool.submit(measure, name, seed, short=options.short) for name in names]
        rows = [each.result() for each in pending]
    sys.stdout.write(f"\n{table(rows)}\nseed {seed}, {time.monotonic() - began:.0f} s\n")
    if options.json:
        options.json.write_text(as_json(rows, seed) + "\n")
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
