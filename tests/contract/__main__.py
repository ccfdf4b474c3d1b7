"""`make contract`: schemathesis for long, every phase. ARGS are its own options: `--max-examples 200 --seed 7`."""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pymongo import MongoClient

from api.store.audit import run_audit
from shared.collections import CLIENT_OPTIONS, CODEC_OPTIONS
from tests.contract.fuzzing import UNHURRIED, furnish, fuzz
from tests.support.api_process import ApiProcess
from tests.support.mongod_server import MongodServer

DATABASE = "contract"
OPTIONS = ("--max-examples", "50")


def main() -> int:
    """0: nothing found, and the audit of what is left in the database is clean."""
    server = MongodServer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        api = ApiProcess(folder, workers=2, MONGODB_URI=server.uri, MONGODB_DATABASE=DATABASE, **UNHURRIED)
        try:
            api.wait_ready()
            api.log_in()
            with MongoClient(server.uri, **CLIENT_OPTIONS) as client:  # type: ignore[arg-type, var-annotated]
                db = client.get_database(DATABASE, codec_options=CODEC_OPTIONS)
                found = fuzz(api, furnish(api, db), folder, *(sys.argv[1:] or OPTIONS))
                broken = run_audit(db, datetime.now(UTC), expect_daemon=False)
        finally:
            api.end()
            server.stop()
    for line in (found, *(f"{each.check} {each.collection} {each.id}: {each.detail}" for each in broken)):
        if line:
            sys.stdout.write(f"{line}\n")
    said = "The contract is broken." if found or broken else "The contract holds, and the audit is clean."
    sys.stdout.write(f"{said}\n")
    return 1 if found or broken else 0


if __name__ == "__main__":
    sys.exit(main())
