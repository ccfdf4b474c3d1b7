"""Files that e-mails carry: only from folders of the settings, never through a symbolic link, never too large."""

import asyncio
import os
import stat
from base64 import encodebytes
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from threading import Lock

from shared.errors import InvalidDefinition
from shared.message_content import attachment_name
from shared.models.notification_models import Attachment

MOST_KEPT = 8
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_Key = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Attached:
    """One file as a mail carries it. encoded: base64 in lines that end with CRLF."""

    name: str
    content_type: str
    encoded: bytes


class AttachmentFiles:
    """Reads attachments; the last few stay in memory while their files do not change."""

    def __init__(self, folder: Path | None, most_bytes: int, exports: Path | None = None) -> None:
        """folder, exports None: no message may carry files of it. most_bytes: of one message, before the encoding."""
        self._folders = {"attachments": folder, "exports": exports}
        self._most_bytes = most_bytes
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._turn = Lock()

    async def load(self, attachments: Sequence[Attachment]) -> list[Attached]:
        """InvalidDefinition names the attachment that is not there, is not allowed, or is too large."""
        if not attachments:
            return []
        return await asyncio.to_thread(self._load_in_turn, attachments)

    def _load_in_turn(self, attachments: Sequence[Attachment]) -> list[Attached]:
        with self._turn:
            return self._load(attachments)

    def _load(self, attachments: Sequence[Attachment]) -> list[Attached]:
        found, room = [], self._most_bytes
        for place, each in enumerate(attachments):
            folder = self._folders[each.folder]
            if folder is None:
                setting = "EXPORT_FOLDER" if each.folder == "exports" else "ATTACHMENT_FOLDER"
                raise InvalidDefinition(
                    f"attachments.{place}.folder", f"there is no folder of {each.folder}; set {setting}", "folder"
                )
            try:
                size, encoded = self._read(folder, each.path, room)
            except OSError as fault:
                raise InvalidDefinition(
                    f"attachments.{place}.path", f"{each.path} cannot be read: {fault.strerror}", "attachment"
                ) from None
            if encoded is None:
                raise InvalidDefinition(
                    f"attachments.{place}.path",
                    f"{each.path} is no plain file, or the attachments have more than {self._most_bytes} bytes "
                    "(ATTACHMENT_MAX_BYTES)",
                    "attachment",
                )
            room -= size
            name = attachment_name(each)
            found.append(Attached(name, guess_type(name)[0] or "application/octet-stream", encoded))
        return found

    def _read(self, folder: Path, path: str, room: int) -> tuple[int, bytes | None]:
        """The size and the encoded content; None instead of it: not a plain file, or too large."""
        descriptor = _opened(folder, path)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size > room:
                return 0, None
            key = (path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            if key not in self._kept:
                with open(descriptor, "rb", closefd=False) as file:
                    content = file.read(room + 1)
                if len(content) > room:
                    return 0, None
                self._kept[key] = encodebytes(content).replace(b"\n", b"\r\n")
                if len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return status.st_size, self._kept[key]
        finally:
            os.close(descriptor)


def _opened(folder: Path, path: str) -> int:
    """A descriptor of the file. Step by step, so that no part of the path can be a link that leads out."""
    *folders, name = path.split("/")
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for each in folders:
        outer = inside
        try:
            inside = os.open(each, _FLAGS | os.O_DIRECTORY, dir_fd=outer)
        finally:
            os.close(outer)
    try:
        return os.open(name, _FLAGS | os.O_NONBLOCK, dir_fd=inside)
    finally:
        os.close(inside)
