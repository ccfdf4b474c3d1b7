"""Uploads finished files to S3-compatible storage; needs the extra `s3`."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.errors import InvalidDefinition, SchedulerError
from shared.settings import Settings

try:
    import obstore
    from obstore.store import S3Store
except ImportError:  # the extra is not installed
    obstore = None  # type: ignore[assignment]

REQUEST_TIMEOUT = timedelta(seconds=60)
CONNECT_TIMEOUT = timedelta(seconds=10)
TRIES_FOR = timedelta(seconds=60)
LONGEST_DETAIL = 300


class UploadError(SchedulerError):
    """The storage did not take a file; a later attempt may succeed."""


class Uploader:
    """Puts files under the prefix of the settings. A repeated upload replaces its own object."""

    def __init__(self, bucket: str, prefix: str, store: Any) -> None:
        """store: an object store of obstore."""
        self._bucket = bucket
        self._prefix = prefix
        self._store = store

    @classmethod
    def from_settings(cls, settings: Settings) -> "Uploader | None":
        """No I/O. None: no bucket is set, or the extra is not installed."""
        if settings.upload_s3_bucket is None or obstore is None:
            return None
        secret = settings.upload_s3_secret_access_key
        endpoint = settings.upload_s3_endpoint
        keys = {
            "access_key_id": settings.upload_s3_access_key_id,
            "secret_access_key": secret.get_secret_value() if secret else None,
            "endpoint": endpoint.rstrip("/") if endpoint else None,
        }
        store = S3Store(
            settings.upload_s3_bucket,
            region=settings.upload_s3_region,
            client_options={
                "timeout": REQUEST_TIMEOUT,
                "connect_timeout": CONNECT_TIMEOUT,
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
            },
            retry_config={"max_retries": 3, "retry_timeout": TRIES_FOR},
            **{name: value for name, value in keys.items() if value is not None},  # type: ignore[arg-type]
        )
        return cls(settings.upload_s3_bucket, settings.upload_s3_prefix, store)

    async def upload(self, folder: Path, names: Sequence[str]) -> str:
        """Puts these files of a folder one after the other, in parts if they are large. The address of the last."""
        for name in names:
            try:
                await obstore.put_async(self._store, self._prefix + name, folder / name)
            except Exception as fault:  # obstore's own tree, and whatever its runtime raises
                detail = str(fault).partition("\n")[0][:LONGEST_DETAIL]
                raise UploadError(f"{name} was written but not uploaded to {self._bucket}: {detail}") from None
        return f"s3://{self._bucket}/{self._prefix}{names[-1]}"


def require_uploader(uploader: Uploader | None) -> Uploader:
    """InvalidDefinition unless uploads are possible here."""
    if uploader is None:
        missing = "set UPLOAD_S3_BUCKET" if obstore is not None else "install the extra: unified-scheduler[s3]"
        raise InvalidDefinition("upload", f"there is nowhere to upload to: {missing}")
    return uploader
