"""What the doctor checks on this machine and at the mail server. Nothing is changed and nothing is sent."""

import os
import shutil
import smtplib
import ssl
import stat
import subprocess
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from shared.settings import Settings

MAIL_SECONDS = 10.0
SYSTEMD_RUNS = Path("/run/systemd/system")
UNITS = ("unified-scheduler-daemon.service", "unified-scheduler-api.service")


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"  # works, but perhaps not as wanted
    FAULT = "fault"


class Check(NamedTuple):
    """One thing that was looked at, and what to do."""

    name: str
    state: State
    finding: str
    remedy: str = ""

    def told(self) -> dict[str, str]:
        return {"name": self.name, "state": self.state.value, "finding": self.finding, "remedy": self.remedy}


def folders(settings: Settings) -> list[Check]:
    """Those that the settings name."""
    wanted: list[tuple[str, Path | None, int]] = [
        ("EXPORT_FOLDER", settings.export_folder, os.W_OK | os.X_OK),
        ("DAEMON_RUNTIME_FOLDER", settings.daemon_runtime_folder, os.W_OK | os.X_OK),
        ("ATTACHMENT_FOLDER", settings.attachment_folder, os.R_OK | os.X_OK),
        *(("TEMPORARY_FOLDERS", folder, os.W_OK | os.X_OK) for folder in settings.temporary_folders),
    ]
    return [_folder(setting, folder, access) for setting, folder, access in wanted if folder is not None]


def _folder(setting: str, folder: Path, access: int) -> Check:
    finding = f"{setting} {folder}"
    try:
        mode = folder.stat().st_mode
    except OSError as fault:
        return Check("folder", State.FAULT, f"{finding}: {fault.strerror}", f"mkdir -m 700 {folder}, for the service")
    if not stat.S_ISDIR(mode):
        return Check("folder", State.FAULT, f"{finding} is no folder", f"name another one in {setting}")
    if not os.access(folder, access):
        need = "written" if access & os.W_OK else "read"
        remedy = f"give it to the user of the service; this is user {os.getuid()}"
        return Check("folder", State.FAULT, f"{finding} cannot be {need}", remedy)
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        return Check("folder", State.NOTE, f"{finding} can be written by everybody", f"chmod o-w {folder}")
    return Check("folder", State.OK, finding)


def mail(settings: Settings) -> Check:
    """Greets the server, with TLS and login as the settings say."""
    if settings.smtp_host is None:
        return Check("smtp", State.NOTE, "SMTP_HOST is not set: e-mail waits in the queue")
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        _greet(settings, settings.smtp_host)
    except smtplib.SMTPAuthenticationError as fault:
        return Check(
            "smtp", State.FAULT, f"{where} refuses the login ({fault.smtp_code})", "mend SMTP_USERNAME, SMTP_PASSWORD"
        )
    except ssl.SSLError as fault:
        remedy = "the certificate must be valid for SMTP_HOST; is SMTP_SECURITY right?"
        return Check("smtp", State.FAULT, f"{where}: TLS failed ({fault.reason or fault})", remedy)
    except (OSError, smtplib.SMTPException) as fault:
        remedy = "mend SMTP_HOST, SMTP_PORT or SMTP_SECURITY, or the way there"
        return Check("smtp", State.FAULT, f"{where}: {type(fault).__name__}", remedy)
    login = "logged in" if settings.smtp_username else "without login"
    return Check("smtp", State.OK, f"{where}, {settings.smtp_security}, {login}")


def _greet(settings: Settings, host: str) -> None:
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(host, settings.smtp_port, timeout=MAIL_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, settings.smtp_port, timeout=MAIL_SECONDS)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_username and settings.smtp_password:
            server.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        server.noop()


def units() -> list[Check]:
    """Nothing to say where systemd does not run."""
    command = shutil.which("systemctl")
    if command is None or not SYSTEMD_RUNS.is_dir():
        return [Check("units", State.NOTE, "systemd does not run here")]
    return [_unit(command, unit) for unit in UNITS]


def _unit(command: str, unit: str) -> Check:
    asked = [command, "show", unit, "--property=LoadState,ActiveState,UnitFileState,NeedDaemonReload"]
    answer = subprocess.run(asked, capture_output=True, text=True, timeout=MAIL_SECONDS, check=False)
    told = dict(line.split("=", 1) for line in answer.stdout.splitlines() if "=" in line)
    if told.get("LoadState") != "loaded":
        return Check("units", State.NOTE, f"{unit} is not installed", "docs/deployment.md says how")
    if told.get("NeedDaemonReload") == "yes":
        return Check("units", State.FAULT, f"{unit} was changed and not read again", "systemctl daemon-reload")
    if told.get("ActiveState") != "active":
        return Check("units", State.FAULT, f"{unit} is {told.get('ActiveState')}", f"systemctl status {unit}")
    if told.get("UnitFileState") not in ("enabled", "static", "linked-runtime", "enabled-runtime"):
        return Check("units", State.NOTE, f"{unit} does not start with the machine", f"systemctl enable {unit}")
    return Check("units", State.OK, f"{unit} is active")
