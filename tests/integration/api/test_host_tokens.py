"""JWTs of a host application: which are taken, what their bearers may do, and what is refused."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from jwt.algorithms import RSAAlgorithm
from werkzeug.test import TestResponse

from api import create_app
from api.context import store_of
from shared.collections import RATE_COUNTS
from shared.errors import SettingsError
from shared.settings import Settings, load_settings
from tests.integration.api.conftest import JOBS, Db, assert_problem, job_body
from tests.support.web_server import Reply, WebServer

KEY = "k" * 64
EXPECTED = {
    "issuer": "https://crm.example.com",
    "audience": "scheduler",
    "roles": {"crm-admin": "admin", "crm-user": "viewer", "crm-switch": "switcher"},
}
Api = Callable[..., Flask]


@pytest.fixture
def api(settings: Callable[..., Settings], catalogue: Db) -> Iterator[Api]:
    with ExitStack() as opened:

        def build(key: str | None = KEY, **expected: Any) -> Flask:
            given = {"api_host_tokens": {**EXPECTED, **expected}, "api_host_tokens_key": key}
            app = create_app(settings(**given, api_failed_logins_per_minute=5))
            opened.callback(store_of(app).connection.close)
            return app

        yield build


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": EXPECTED["issuer"],
        "aud": "scheduler",
        "sub": "ada",
        "iat": now,
        "exp": now + 300,
        "role": "crm-admin",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def call(app: Flask, token: str, method: str = "GET", **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
    return app.test_client().open(JOBS, method=method, headers=headers, **options)


def test_a_caller_of_the_host_application_has_the_role_that_his_claim_means(api: Api, catalogue: Db) -> None:
    app = api()
    made = call(app, jwt.encode(claims(), KEY), "POST", json=job_body())
    assert (made.status_code, made.json["createdBy"]) == (201, "host:ada")
    entry = catalogue["audit_log"].find_one({"documentId": made.json["id"]})
    assert entry is not None
    assert (entry["by"], entry["byId"]) == ("host:ada", "host:ada")
    user = jwt.encode(claims(role="crm-user"), KEY)
    assert call(app, user).status_code == 200
    assert_problem(call(app, user, "POST", json=job_body()), 403, "forbidden")
    both = jwt.encode(claims(role=["crm-switch", "crm-user", 7]), KEY)
    assert call(app, both).status_code == 200
    assert "switcher or viewer" in call(app, both, "POST", json=job_body()).json["detail"]


@pytest.mark.parametrize("role", ["admin", "nobody", None, ..., {"a": "crm-admin"}, []])
def test_a_claim_that_means_no_role_of_ours_opens_nothing(api: Api, role: Any) -> None:
    assert_problem(call(api(), jwt.encode(claims(role=role), KEY)), 403, "forbidden")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example.com"}, {"iss": ...}, {"aud": "somebody"}, {"aud": ...}, {"exp": ...},
        {"sub": ...}, {"sub": ""}, {"sub": "x" * 500}, {"nbf": 4_000_000_000}, {"exp": "soon"}, {"exp": 10**18},
    ],
)  # fmt: skip
def test_a_token_for_others_or_without_what_is_needed_is_refused(api: Api, changes: dict[str, Any]) -> None:
    assert_problem(call(api(), jwt.encode(claims(**changes), KEY)), 401, "unauthenticated")


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_no_token_chooses_its_algorithm(api: Api, private_key: rsa.RSAPrivateKey) -> None:
    app = api()
    unsigned = f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims())}."
    for token in (
        unsigned,
        jwt.encode(claims(), KEY, algorithm="HS512"),
        jwt.encode(claims(), private_key, algorithm="RS256"),
        jwt.encode(claims(), "another-key-of-32-characters-here"),
    ):
        assert_problem(call(app, token), 401, "unauthenticated")


def test_what_is_no_jwt_is_401_and_counted_but_one_that_expired_is_no_guess(api: Api, catalogue: Db) -> None:
    app = api()
    expired = jwt.encode(claims(exp=int(time.time()) - 60), KEY)
    for _ in range(7):
        assert "expired" in assert_problem(call(app, expired), 401, "unauthenticated")["detail"]
    assert catalogue[RATE_COUNTS].count_documents({}) == 0
    codes = [call(app, f"a.{number}.{number * 'x'}").status_code for number in range(6)]
    assert codes == [401] * 5 + [429]
    assert call(app, jwt.encode(claims(), KEY)).status_code == 200


def test_tokens_of_our_own_work_beside_them_and_without_the_setting_no_jwt_does(
    api: Api, app: Flask, catalogue: Db
) -> None:
    assert call(api(), "viewer-token").status_code == 200
    assert_problem(call(app, jwt.encode(claims(), KEY)), 401, "unauthenticated")


@pytest.fixture
def host() -> Iterator[WebServer]:
    server = WebServer()
    yield server
    server.close()


def key_set(private_key: rsa.RSAPrivateKey, kid: str) -> bytes:
    public = json.loads(RSAAlgorithm.to_jwk(private_key.public_key()))
    return json.dumps({"keys": [{**public, "kid": kid, "use": "sig", "alg": "RS256"}]}).encode()


def test_published_keys_are_fetched_once_and_a_public_key_is_no_secret(
    api: Api, host: WebServer, private_key: rsa.RSAPrivateKey
) -> None:
    host.reply(Reply(body=key_set(private_key, "one")))
    app = api(key=None, jwksUrl=f"{host.url}/jwks.json")
    good = jwt.encode(claims(), private_key, algorithm="RS256", headers={"kid": "one"})
    assert [call(app, good).status_code for _ in range(3)] == [200] * 3
    public = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header, body = part({"alg": "HS256", "kid": "one"}), part(claims())
    confused = f"{header}.{body}." + base64.urlsafe_b64encode(hmac_of(public, f"{header}.{body}")).decode().rstrip("=")
    unknown = jwt.encode(claims(), private_key, algorithm="RS256", headers={"kid": "two"})
    for token in (confused, unknown, unknown, jwt.encode(claims(), private_key, algorithm="RS256")):
        assert_problem(call(app, token), 401, "unauthenticated")
    assert len(host.asked) == 1  # tokens with unknown keys do not make us ask again and again


def hmac_of(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)


def test_while_the_keys_cannot_be_fetched_it_is_503_and_others_are_served(
    api: Api, host: WebServer, private_key: rsa.RSAPrivateKey
) -> None:
    host.reply(Reply(status=500), Reply(body=key_set(private_key, "one")))
    app = api(key=None, jwksUrl=f"{host.url}/jwks.json")
    token = jwt.encode(claims(), private_key, algorithm="RS256", headers={"kid": "one"})
    refused = call(app, token)
    assert_problem(refused, 503, "host_keys_unavailable")
    assert refused.headers["Retry-After"]
    assert call(app, "viewer-token").status_code == 200
    assert call(app, token).status_code == 200


@pytest.mark.parametrize(
    ("given", "key", "named"),
    [
        (EXPECTED, None, "API_HOST_TOKENS_KEY"),
        (EXPECTED, "short", "API_HOST_TOKENS_KEY"),
        ({**EXPECTED, "jwksUrl": "https://x.example.com/k"}, KEY, "not both"),
        ({**EXPECTED, "jwksUrl": "http://x.example.com/k"}, None, "API_HOST_TOKENS"),
        ({**EXPECTED, "jwksUrl": "file:///etc/passwd"}, None, "API_HOST_TOKENS"),
        ({**EXPECTED, "roles": {"a": "emperor"}}, KEY, "API_HOST_TOKENS"),
        ({**EXPECTED, "algorithm": "none"}, KEY, "API_HOST_TOKENS"),
        ({"issuer": "x"}, KEY, "API_HOST_TOKENS"),
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_start(given: dict[str, Any], key: str | None, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_settings(_env_file=None, mongodb_uri="mongodb://x", api_host_tokens=given, api_host_tokens_key=key)
