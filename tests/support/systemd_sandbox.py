"""A machine of its own for tests of the units: a real systemd as PID 1, on a throw-away overlay of this root.

What `deploy/systemd` and a deployment guide put on a server is put there: the project in /opt/unified-scheduler with
its virtual environment, the units, the settings. Only the network is shared, so that a test's MongoDB is reachable.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from deploy.local.tethered import tethered
from tests.support.environment import ROOT
from tests.support.waiting import wait_until

_INIT = Path(__file__).with_name("systemd_init")
_TOOLS = ("unshare", "nsenter", "systemctl", "systemd-analyze", "dbus-daemon", "ldconfig")
_NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--cgroup")
_BOOT_SECONDS = 60
_PACKAGES = ("shared", "scheduler_daemon", "api", "deploy", "setup.cfg", "pyproject.toml", "README.md")
_TARGET = """\
[Unit]
Description=What a sandbox boots: the journal and the bus
DefaultDependencies=no
AllowIsolate=yes
Wants=systemd-journald.service dbus.service
After=systemd-journald.service dbus.service
"""


def why_no_sandbox() -> str | None:
    """Why a sandbox cannot be made here; None when it can."""
    if os.geteuid() != 0:
        return "systemd in namespaces needs root"
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing or not Path("/lib/systemd/systemd").exists():
        return f"not installed: {', '.join(missing) or 'systemd'}"
    if _cgroup_folder() is None:
        return "no cgroup2 hierarchy"
    trial = subprocess.run(
        [shutil.which("unshare") or "", "--fork", *_NAMESPACES, "mount", "--make-rprivate", "/"],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if trial.returncode == 0 else f"namespaces are not allowed here: {trial.stderr.strip()}"


class SystemdSandbox:
    """Boots when entered, and is gone with all its processes and files when left."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """files: absolute path inside -> text; what an administrator writes on the server."""
        self._work = Path(tempfile.mkdtemp(prefix="sandbox-", dir="/var/tmp"))
        self._cgroup: Path | None = None
        self._outer: subprocess.Popen[bytes] | None = None
        self._inner = 0
        (self._work / "disk").mkdir()
        _install_project(self._work / "tree")
        for path, text in files.items():
            _write(self._work / "tree" / path.lstrip("/"), text)
        binds = "".join(f"{source} {target}\n" for source, target in _binds().items())
        (self._work / "binds").write_text(binds)

    def __enter__(self) -> Self:
        try:
            self._boot()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def command(self, *command: str) -> list[str]:
        """The command line that runs a command inside."""
        return ["nsenter", "--target", str(self._inner), *_NAMESPACES, "--root", "--wd", *command]

    def run(self, *command: str, check: bool = True, timeout: float = 90) -> str:
        """What a command prints inside; AssertionError with its words when it fails and `check` is true."""
        answer = subprocess.run(self.command(*command), capture_output=True, text=True, timeout=timeout, check=False)
        words = answer.stdout + answer.stderr
        assert not check or answer.returncode == 0, f"{' '.join(command)} ended with {answer.returncode}:\n{words}"
        return answer.stdout

    def property_of(self, unit: str, name: str) -> str:
        """One property of a unit, as `systemctl show` has it."""
        return self.run("systemctl", "show", "--value", "--property", name, unit).strip()

    def journal_of(self, unit: str) -> str:
        """Everything that systemd and the unit said about it."""
        return self.run("journalctl", "--no-pager", "--output", "short-precise", "--unit", unit)

    def close(self) -> None:
        """Kills every process inside and removes every trace. May be called twice."""
        if self._outer is not None:
            self._outer.kill()
            self._outer.wait(30)
        if self._cgroup is not None:
            wait_until(lambda: _remove_cgroup(self._cgroup), 10, message="processes are left in the sandbox")
            self._cgroup = None
        shutil.rmtree(self._work, ignore_errors=True)

    def _boot(self) -> None:
        parent = _cgroup_folder()
        assert parent is not None
        self._cgroup = parent / self._work.name
        self._cgroup.mkdir()
        enter = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"'
        unshare = ["unshare", "--fork", "--kill-child", *_NAMESPACES, str(_INIT), str(self._work)]
        with (self._work / "console").open("wb") as console:
            self._outer = subprocess.Popen(
                tethered(["sh", "-c", enter, "sh", str(self._cgroup), *unshare], on_parent_death=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                process_group=0,
            )
        wait_until(self._has_booted, _BOOT_SECONDS, message="systemd did not come up")

    def _has_booted(self) -> bool:
        assert self._outer is not None
        console = (self._work / "console").read_text()
        assert self._outer.poll() is None, f"the sandbox ended while it booted:\n{console}"
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text().strip() != "systemd":
            return False
        self._inner = int(children[0])
        return self.run("systemctl", "is-active", "sandbox.target", check=False).strip() == "active"


def _install_project(tree: Path) -> None:
    project = tree / "opt/unified-scheduler"
    project.mkdir(parents=True)
    for name in _PACKAGES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, project / name)
    shutil.copytree(ROOT / "deploy/systemd", tree / "etc/systemd/system", ignore=shutil.ignore_patterns("*.md"))
    _write(tree / "etc/systemd/system/sandbox.target", _TARGET)
    binary = project / ".venv/bin/python"
    binary.parent.mkdir(parents=True)
    binary.symlink_to(_base_prefix() / f"bin/python{sys.version_info.major}.{sys.version_info.minor}")
    _write(project / ".venv/pyvenv.cfg", f"home = {_base_prefix() / 'bin'}\ninclude-system-site-packages = false\n")


def _binds() -> dict[str, str]:
    """This interpreter and its packages, at places that ProtectHome does not hide."""
    library = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    binds = {sysconfig.get_path("purelib"): f"/opt/unified-scheduler/.venv/{library}"}
    if str(_base_prefix()) != sys.base_prefix:
        binds[sys.base_prefix] = str(_base_prefix())
    return binds


def _base_prefix() -> Path:
    return Path(sys.base_prefix if sys.base_prefix.startswith("/usr") else "/opt/python")


def _cgroup_folder() -> Path | None:
    """This process's own folder of the cgroup2 hierarchy."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"]
    own = [line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::")]
    folder = places[0] / own[0].lstrip("/") if places and own else None
    return folder if folder is not None and os.access(folder, os.W_OK) else None


def _remove_cgroup(folder: Path | None) -> bool:
    """Whether the folder is gone; it can go only when no process is left in it."""
    if folder is None or not folder.exists():
        return True
    with contextlib.suppress(OSError):
        for below, _, _ in os.walk(folder, topdown=False):
            Path(below).rmdir()
    return not folder.exists()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
