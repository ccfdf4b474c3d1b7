"""Lists are compressed for whoever accepts it, and for nobody else."""

import gzip
import json

from flask import Flask

from tests.integration.api.conftest import JOBS, TEMPLATES, Caller

GZIP = {"Accept-Encoding": "gzip, br", "Authorization": "Bearer admin-token"}
LIST = "/api/admin/scheduler/templates"


def test_a_list_is_compressed_only_for_who_accepts_it(admin: Caller, app: Flask) -> None:
    plain = admin.get(LIST)
    packed = app.test_client().get(LIST, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == plain.json
    assert packed.content_length == len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in admin.get(LIST, headers={"Accept-Encoding": "gzip;q=0"}).headers


def test_a_short_answer_a_document_and_a_refusal_stay_as_they_are(admin: Caller) -> None:
    job = {"name": "x" * 200, "template": "noop", "labels": {f"label-{at}": "y" * 100 for at in range(30)}}
    made = admin.post(JOBS, json={**job, "schedule": {"kind": "interval", "every": "1h"}})
    document = admin.get(f"{JOBS}/{made.json['id']}", headers=GZIP)
    assert len(document.data) > 1000
    for answer in (document, admin.get(TEMPLATES, headers=GZIP), admin.get(f"{JOBS}/none", headers=GZIP)):
        assert "Content-Encoding" not in answer.headers
