"""How gunicorn serves the API: `gunicorn --config python:deploy.gunicorn_conf api.wsgi:app`."""

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from shared.logging import configure_logging
from shared.settings import load_settings_or_exit

_settings = load_settings_or_exit()
configure_logging(_settings.log_level, _settings.log_format)


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
