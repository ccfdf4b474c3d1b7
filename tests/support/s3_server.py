"""An S3-compatible server of objects in memory: single and multipart uploads, signatures of version 4 checked."""

import asyncio
import hashlib
import hmac
import re
from types import TracebackType
from typing import Self
from urllib.parse import quote

from aiohttp import web

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)"
)


class S3Server:
    """`async with S3Server("key", "secret") as server`. `refuse_with`: a status for every request from now on."""

    def __init__(self, access_key: str, secret: str) -> None:
        self.objects: dict[str, bytes] = {}
        self.refuse_with: int | None = None
        self.arrived = asyncio.Event()
        self.answering = asyncio.Event()
        """Cleared: it takes requests, and answers none."""
        self.answering.set()
        self._access_key = access_key
        self._secret = secret
        self._parts: dict[str, dict[int, bytes]] = {}
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.endpoint = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answering.set()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.arrived.set()
        body = await request.read()
        await self.answering.wait()
        if self.refuse_with is not None:
            return web.Response(status=self.refuse_with, text="<Error><Code>Refused</Code></Error>")
        if not self._is_signed(request, body):
            return web.Response(status=403, text="<Error><Code>SignatureDoesNotMatch</Code></Error>")
        key = request.path.lstrip("/")
        if request.method == "POST" and "uploads" in request.query:
            self._parts[key] = {}
            return web.Response(
                text=f"<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>"
            )
        if request.method == "PUT" and "partNumber" in request.query:
            self._parts[key][int(request.query["partNumber"])] = body
        elif request.method == "PUT":
            self.objects[key] = body
        elif request.method == "POST" and "uploadId" in request.query:
            parts = self._parts.pop(key)
            self.objects[key] = b"".join(parts[number] for number in sorted(parts))
            return web.Response(
                text="<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>",
            )
        return web.Response(headers={"ETag": hashlib.sha256(body).hexdigest()})

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None or found[1] != self._access_key:
            return False
        _, date, region, names, signature = found.groups()
        claimed = request.headers["x-amz-content-sha256"]
        if claimed not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
            return False
        query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in
                         sorted(request.query.items()))  # fmt: skip
        headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names.split(";"))
        canonical = "\n".join([request.method, quote(request.path, safe="/-_.~"), query, headers, names, claimed])
        scope = f"{date}/{region}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest])
        key = f"AWS4{self._secret}".encode()
        for part in (date, region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), signature)
