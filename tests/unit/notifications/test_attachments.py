"""Files that e-mails carry come from one folder, and from nowhere else."""

import os
from base64 import b64decode
from pathlib import Path

import pytest
from pydantic import ValidationError

from scheduler_daemon.notifications.attachments import AttachmentFiles
from shared.errors import InvalidDefinition
from shared.models.notification_models import Attachment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "files"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub/prices.pdf").write_bytes(b"%PDF" + bytes(range(256)))
    (tmp_path / "secret.txt").write_text("secret")
    return inside


def at(path: str, name: str = "") -> Attachment:
    return Attachment(path=path, name=name)


async def test_a_file_is_read_with_its_type_and_name(folder: Path) -> None:
    files = AttachmentFiles(folder, 10_000)
    [first, second] = await files.load([at("sub/prices.pdf"), at("sub/prices.pdf", "Preise für Ada")])
    assert (first.name, first.content_type) == ("prices.pdf", "application/pdf")
    assert (second.name, second.content_type) == ("Preise für Ada", "application/octet-stream")
    assert b64decode(first.encoded) == (folder / "sub/prices.pdf").read_bytes()
    assert max(map(len, first.encoded.split(b"\r\n"))) <= 76


async def test_a_changed_file_is_read_anew(folder: Path) -> None:
    files = AttachmentFiles(folder, 10_000)
    await files.load([at("sub/prices.pdf")])
    (folder / "sub/prices.pdf").write_bytes(b"new and longer than it was before" * 20)
    [changed] = await files.load([at("sub/prices.pdf")])
    assert b64decode(changed.encoded).startswith(b"new")


async def test_no_link_leads_out(folder: Path, tmp_path: Path) -> None:
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "outside").symlink_to(tmp_path)
    (folder / "inside.pdf").symlink_to(folder / "sub/prices.pdf")
    files = AttachmentFiles(folder, 10_000)
    for path in ("link.txt", "outside/secret.txt", "inside.pdf"):
        with pytest.raises(InvalidDefinition, match=r"attachments\.0\.path.*cannot be read"):
            await files.load([at(path)])


async def test_what_is_missing_too_large_or_no_file_is_named(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "large").write_bytes(b"x" * 2000)
    files = AttachmentFiles(folder, 3000)
    for path, words in [("gone.pdf", "No such file"), ("pipe", "no plain file"), ("sub", "no plain file")]:
        with pytest.raises(InvalidDefinition, match=words):
            await files.load([at(path)])
    assert len(await files.load([at("large")])) == 1
    with pytest.raises(InvalidDefinition, match=r"attachments\.1\.path.*ATTACHMENT_MAX_BYTES"):
        await files.load([at("large"), at("large")])


async def test_without_a_folder_there_are_no_attachments() -> None:
    assert await AttachmentFiles(None, 1000).load([]) == []
    with pytest.raises(InvalidDefinition, match="ATTACHMENT_FOLDER"):
        await AttachmentFiles(None, 1000).load([at("a")])


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "../secret.txt", "a/../../b", "a//b", "a/", "./a", "a\\b", "a\x00"]
)
def test_a_place_outside_is_refused_when_it_is_written(path: str) -> None:
    with pytest.raises(ValidationError):
        at(path)


async def test_a_stored_place_that_leads_out_is_refused_as_well(folder: Path) -> None:
    """The database is an untrusted input: the model reads the template again before anything is opened."""
    with pytest.raises(ValidationError):
        Attachment.model_validate({"path": "../secret.txt"})


EXPORT = "orders-20261123T090000Z-0123abcd.csv.gz"


async def test_an_export_is_carried_once_it_is_finished(folder: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    files = AttachmentFiles(folder, 10_000, exports)
    export = Attachment(path=EXPORT, folder="exports")
    (exports / f".{EXPORT}.0123abcd.part").write_bytes(b"half of it")
    with pytest.raises(InvalidDefinition, match=r"attachments\.0\.path.*cannot be read"):
        await files.load([export])
    (exports / EXPORT).symlink_to(tmp_path / "secret.txt")
    with pytest.raises(InvalidDefinition, match="cannot be read"):
        await files.load([export])
    (exports / EXPORT).unlink()
    (exports / EXPORT).write_bytes(b"rows")
    [carried] = await files.load([export])
    assert (carried.name, b64decode(carried.encoded)) == (EXPORT, b"rows")
    with pytest.raises(InvalidDefinition, match=r"attachments\.0\.path"):
        await files.load([at(EXPORT)])
    with pytest.raises(InvalidDefinition, match="EXPORT_FOLDER"):
        await AttachmentFiles(folder, 10_000).load([export])


@pytest.mark.parametrize(
    "path",
    ["orders.csv", f".{EXPORT}.0123abcd.part", f"sub/{EXPORT}", f"../{EXPORT}", f"{EXPORT}.sha256", EXPORT + "\n"],
)
def test_nothing_but_an_export_is_taken_from_the_folder_of_exports(path: str) -> None:
    with pytest.raises(ValidationError):
        Attachment(path=path, folder="exports")
