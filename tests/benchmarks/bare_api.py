"""The baseline of the API: Flask with one find_one, and nothing else. `gunicorn tests.benchmarks.bare_api:app`."""

import os
from typing import Any

from flask import Flask, Response, jsonify
from pymongo import MongoClient

app = Flask(__name__)
_client: list[MongoClient[dict[str, Any]]] = []


def _database() -> Any:
    if not _client:  # after gunicorn has forked
        _client.append(MongoClient(os.environ["MONGODB_URI"]))
    return _client[0][os.environ["MONGODB_DATABASE"]]


@app.get("/readyz")
def ready() -> str:
    return "ok"


@app.get("/jobs/<job_id>")
def job(job_id: str) -> Response:
    return jsonify(_database().dynamic_jobs.find_one({"_id": job_id}))
