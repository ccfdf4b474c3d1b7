"""How gunicorn serves the API: `gunicorn --config python:deploy.gunicorn_conf api.wsgi:app`."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from shared.logging import configure_logging
from shared.settings import load_settings_or_exit

_settings = load_settings_or_exit()
configure_logging(_settings.log_level, _settings.log_format)


def _metrics_folder() -> Path:
    """Where the workers keep their numbers, so that each can tell those of all. Emptied: a start counts from 0."""
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    runtime = os.environ.get("RUNTIME_DIRECTORY")
    if given or runtime:
        folder = Path(given) if given else Path(runtime or "") / "metrics"
        folder.mkdir(mode=0o700, exist_ok=True)
        for old in folder.glob("*.db"):
            old.unlink()
        return folder
    folder = Path(tempfile.mkdtemp(prefix="unified-scheduler-api-"))
    arbiter = os.getpid()
    atexit.register(lambda: os.getpid() == arbiter and shutil.rmtree(folder, ignore_errors=True))
    return folder


os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics_folder())  # read when prometheus_client is imported


class StructuredLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Hands gunicorn's own messages to the project's one pipeline."""

    def setup(self, cfg: object) -> None:
        """Called once before the first message; keeps the root logger's handler as the only one."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True


bind = _settings.api_bind
workers = _settings.api_workers
worker_class = "gthread"
threads = 8
control_socket_disable = True
logger_class = StructuredLogger
graceful_timeout = 20  # seconds; a request ends long before
max_requests = 100_000  # a leak, should a library have one, stays bounded
max_requests_jitter = 10_000


def child_exit(_server: object, worker: Any) -> None:
    """A gauge of a worker that ended counts no more; what it has counted still does."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)
