"""The instruments of the other tests, tried before they are trusted."""

import asyncio
import gc
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from pymongo.database import Database

from deploy.local.notify_socket import NotifySocket
from shared.settings import Settings
from tests.support.program import Program
from tests.support.smtp_server import CERTIFICATE, SmtpServer
from tests.support.waiting import wait_until


def _message(recipient: str = "ada@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "us@example.com", recipient, "Hello"
    message["Message-ID"] = "<one@example.com>"
    message.set_content("Hello!\n.\n..")
    return message


async def _send(server: SmtpServer, recipient: str = "ada@example.com", **options: Any) -> None:
    options = {"hostname": server.host, "port": server.port, "timeout": 2, "start_tls": False, **options}
    await aiosmtplib.send(_message(recipient), **options)


def test_the_database_is_a_replica_set_with_transactions(db: Database[dict[str, Any]]) -> None:
    db.create_collection("things")
    with db.client.start_session() as session:
        session.with_transaction(lambda each: db["things"].insert_one({"a": 1}, session=each))
    assert db["things"].count_documents({}) == 1


def test_settings_ignore_the_environment(settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "developer.example.com")
    assert settings().smtp_host is None
    assert settings(daemon_poll_seconds=7).daemon_poll_seconds == 7


async def test_an_accepted_message_is_in_the_journal(smtp_server: SmtpServer) -> None:
    await _send(smtp_server)
    [message] = smtp_server.wait_messages(1)
    assert message.message_id == "<one@example.com>"
    assert message.recipients == ("ada@example.com",)
    assert message.parsed.get_content().splitlines() == ["Hello!", ".", ".."]


def test_a_closed_server_leaves_no_socket_of_a_connection_that_is_only_being_made() -> None:
    for _ in range(20):
        server = SmtpServer()
        clients = [socket.create_connection((server.host, server.port), timeout=5) for _ in range(5)]
        server.close()
        for each in clients:
            each.close()
    gc.collect()  # what was left open is an error of this test


async def test_a_scripted_reply_meets_its_recipient_only_and_is_used_up(smtp_server: SmtpServer) -> None:
    smtp_server.reply("RCPT", "451 4.3.0 Later", recipient="bob@example.com", times=1)
    await _send(smtp_server)
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await _send(smtp_server, "bob@example.com")
    await _send(smtp_server, "bob@example.com")
    assert len(smtp_server.messages) == 2


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
@pytest.mark.parametrize("deed", ["reply", "stall", "drop"])
async def test_every_verb_can_be_refused_stalled_and_dropped(smtp_server: SmtpServer, verb: str, deed: str) -> None:
    if deed == "reply":
        smtp_server.reply(verb, "451 4.3.0 Later")
    else:
        getattr(smtp_server, deed)(verb)
    with pytest.raises(aiosmtplib.SMTPException):
        await _send(smtp_server, timeout=0.5)
    assert smtp_server.messages == []


async def test_a_message_can_be_taken_without_an_answer(smtp_server: SmtpServer) -> None:
    smtp_server.accept_and_drop(times=1)
    with pytest.raises(aiosmtplib.SMTPException):
        await _send(smtp_server)
    assert len(smtp_server.messages) == 1


@pytest.mark.parametrize(
    ("options", "client"), [({"starttls": True}, {"start_tls": True}), ({"tls": True}, {"use_tls": True})]
)
async def test_tls_is_trusted_through_the_certificate(
    start_smtp_server: Callable[..., SmtpServer], options: dict[str, bool], client: dict[str, bool]
) -> None:
    server = start_smtp_server(**options)
    client = {"start_tls": False, **client}
    with pytest.raises((aiosmtplib.SMTPException, ssl.SSLError), match="certificate"):
        await _send(server, **client)
    await _send(server, cert_bundle=str(CERTIFICATE), **client)
    assert len(server.messages) == 1


async def test_a_wrong_password_is_refused(start_smtp_server: Callable[..., SmtpServer]) -> None:
    server = start_smtp_server(starttls=True, login=("ada", "right"))
    tls = {"start_tls": True, "cert_bundle": str(CERTIFICATE), "username": "ada"}
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await _send(server, password="wrong", **tls)
    await _send(server, password="right", **tls)
    assert len(server.messages) == 1


def test_a_program_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"""
import signal, subprocess, sys, time
from pathlib import Path
from deploy.local.tethered import tethered
command = [sys.executable, "-c", "import signal; signal.pause()"]
child = subprocess.Popen(tethered(command, on_parent_death=signal.SIGKILL), start_new_session=True)
Path({str(child)!r}).write_text(str(child.pid))
signal.pause()
"""
    root = Path(__file__).resolve().parents[2]
    parent = Program([sys.executable, "-c", script], {**os.environ, "PYTHONPATH": str(root)}, tmp_path / "log")
    try:
        pid = int(wait_until(lambda: child.exists() and child.read_text()))
        wait_until(lambda: b"signal.pause" in Path(f"/proc/{pid}/cmdline").read_bytes())
        parent.kill9()
        wait_until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])
    finally:
        parent.end()


async def test_the_notify_socket_reports_what_was_sent(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as receiver, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        assert not receiver.wait_ready(0)
        sender.connect(str(receiver.path))
        for _ in range(200):
            sender.send(b"WATCHDOG=1")
        sender.send(b"READY=1\nSTATUS=leader")
        assert await asyncio.to_thread(receiver.wait_ready, 5)
        assert receiver.status == "leader"
        assert receiver.watchdog_pings == 200


def test_a_program_that_ignores_sigterm_still_ends_with_its_group(tmp_path: Path) -> None:
    script = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"event": "up"}', flush=True)
signal.pause()
"""
    program = Program([sys.executable, "-c", script], dict(os.environ), tmp_path / "log")
    wait_until(lambda: program.log_events("up"))
    program.terminate()
    assert program.is_running
    program.end()
    assert program.wait() == -signal.SIGKILL
