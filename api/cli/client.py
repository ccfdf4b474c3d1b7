"""The API over HTTP, as the command line uses it. The standard library: one request at a time, no redirects."""

import http.client
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from shared.errors import SchedulerError

TIMEOUT_SECONDS = 60.0
LARGEST_PAGE = 200
_DENIED = (401, 403)
_AWAY = (502, 503, 504)

Json = dict[str, Any]


class ApiUnavailable(SchedulerError):
    """The API, or its database, does not answer."""


class ApiDenied(SchedulerError):
    """No token, or one that may not do this."""


class ApiRefused(SchedulerError):
    """A problem document. status, code: what it says."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class Found(NamedTuple):
    """A document, and the ETag that a change of it needs."""

    body: Json
    etag: str | None


def path_of(*parts: str) -> str:
    """A path from its parts, each escaped whole: an id with a slash stays one part."""
    return "/".join(quote(part, safe="") for part in parts)


class ApiClient:
    """base_url: where the API is, such as https://scheduler.example.com. Every call may raise the three above."""

    def __init__(self, base_url: str, token: str | None) -> None:
        """ValueError: not an address."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("write an address such as http://127.0.0.1:8000")
        self._base = parts
        self._port = parts.port
        self._token = token

    def get(self, path: str, **query: Any) -> Json:
        return self.find(path, **query).body

    def find(self, path: str, **query: Any) -> Found:
        """One document with its ETag. Parameters that are None are left out."""
        return self._call("GET", path, query=query)

    def create(
        self, path: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Json:
        """A POST that creates or commands; asking again because of a lost answer would not do it twice."""
        return self._call("POST", path, body or {}, {**(headers or {}), "Idempotency-Key": uuid.uuid4().hex}).body

    def change(
        self,
        method: str,
        path: str,
        etag: str | None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Only if the document is still the one with this ETag."""
        sent = {**(headers or {}), **({"If-Match": etag} if etag else {})}
        if method == "POST":
            sent["Idempotency-Key"] = uuid.uuid4().hex
        return self._call(method, path, body, sent).body

    def items(self, path: str, most: int | None = None, **query: Any) -> Iterator[Json]:
        """The items of a list, page by page, up to `most`."""
        left, cursor = most, None
        while left is None or left > 0:
            limit = LARGEST_PAGE if left is None else min(left, LARGEST_PAGE)
            page = self.get(path, **query, limit=limit, cursor=cursor)
            yield from page["items"]
            left = None if left is None else left - len(page["items"])
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Found:
        given = {name: _texts(value) for name, value in (query or {}).items() if value is not None}
        target = self._base.path.rstrip("/") + path + ("?" + urlencode(given, doseq=True) if given else "")
        sent = {"Accept": "application/json", **(headers or {})}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        content = None
        if body is not None:
            content, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        status, answered, text = self._exchange(method, target, content, sent)
        return Found(_body_of(status, text), answered.get("ETag"))

    def _exchange(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        secure = self._base.scheme == "https"
        make = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = make(str(self._base.hostname), self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, target, content, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        except (OSError, http.client.HTTPException) as fault:
            where = f"{self._base.scheme}://{self._base.netloc}"
            raise ApiUnavailable(f"The API at {where} does not answer ({fault or type(fault).__name__}).") from None
        finally:
            connection.close()


def _texts(value: Any) -> str | list[str]:
    """Of a parameter; of one that may come several times each."""
    return [_text(each) for each in value] if isinstance(value, tuple) else _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body_of(status: int, text: bytes) -> Json:
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        body = None
    if 200 <= status < 300 and isinstance(body, dict):
        return body
    problem = body if isinstance(body, dict) else {}
    detail = str(problem.get("detail") or f"The answer was {status} and no JSON; is this the right address?")
    if status in _DENIED:
        raise ApiDenied(detail)
    if status in _AWAY:
        raise ApiUnavailable(detail)
    faults = [f"{each.get('field')}: {each.get('detail')}" for each in problem.get("errors", [])]
    raise ApiRefused(status, str(problem.get("code", "")), "; ".join(faults) if len(faults) > 1 else detail)
