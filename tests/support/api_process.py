"""The real API under gunicorn as a process, with a session that carries an admin token."""

import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import requests

from tests.support.environment import program_environment
from tests.support.program import Program
from tests.support.waiting import wait_until

READY_SECONDS = 30


class ApiProcess(Program):
    """`gunicorn api.wsgi:app` on a port that is bound before it starts, so that nobody else can take it."""

    def __init__(
        self, folder: Path, *, workers: int = 1, port: int = 0, application: str = "api.wsgi:app", **settings: object
    ) -> None:
        """port: which it had before it ended; 0: any."""
        metrics = tempfile.mkdtemp(prefix="metrics-", dir=folder)
        environment = program_environment(LOG_FORMAT="json", PROMETHEUS_MULTIPROC_DIR=metrics, **settings)
        with socket.create_server(("127.0.0.1", port)) as listener:
            self.port: int = listener.getsockname()[1]
            self.base_url = f"http://127.0.0.1:{self.port}"
            options = [
                *("--config", "python:deploy.gunicorn_conf", "--bind", f"fd://{listener.fileno()}"),
                *("--threads", "4", "--workers", str(workers)),
            ]
            super().__init__(
                [sys.executable, "-m", "gunicorn", *options, application],
                environment,
                folder / "api.log",
                pass_fds=[listener.fileno()],
            )
        self.token = ""
        self.session = requests.Session()

    def wait_ready(self, timeout: float = READY_SECONDS) -> None:
        """Returns once /readyz answers 200; AssertionError with its log otherwise."""
        wait_until(lambda: self._answers() or not self.is_running, timeout, message="/readyz")
        assert self.is_running, f"the API ended before it was ready:\n{self.log_text()}"

    def log_in(self) -> None:
        """Puts a fresh admin token, made by the operator's command, into the session."""
        self.token = self.command("token", "create", "--role", "admin", "--name", "tests").split()[-1]
        self.session.headers["Authorization"] = f"Bearer {self.token}"

    def command(self, *arguments: str) -> str:
        """What `unified-scheduler ARGUMENTS...` prints against the same database; AssertionError when it fails."""
        answer = subprocess.run(
            [Path(sys.executable).with_name("unified-scheduler"), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self.environment,
            cwd=self.log_file.parent,
        )
        assert answer.returncode == 0, f"unified-scheduler {' '.join(arguments)}:\n{answer.stdout}{answer.stderr}"
        return answer.stdout

    def request(self, method: str, path: str, **arguments: object) -> requests.Response:
        """One request with the admin token; `path` begins with a slash."""
        arguments.setdefault("timeout", 30)
        return self.session.request(method, self.base_url + path, **arguments)  # type: ignore[arg-type]

    def end(self) -> None:
        super().end()
        self.session.close()

    def _answers(self) -> bool:
        try:
            return self.session.get(self.base_url + "/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False
