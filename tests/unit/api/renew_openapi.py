"""Writes openapi.json, the contract as it was reviewed: `python -m tests.unit.api.renew_openapi`."""

from api import create_app
from api.contract.document import openapi
from tests.support.environment import ExplicitSettings
from tests.unit.api.test_contract import SNAPSHOT, written

if __name__ == "__main__":
    application = create_app(ExplicitSettings(mongodb_uri="mongodb://127.0.0.1:1/"))
    SNAPSHOT.write_text(written(openapi(application)), encoding="utf-8")
