"""`python -m scheduler_daemon`: settings, logging, the loop."""

import argparse
import asyncio
import gc
import sys

import structlog

from scheduler_daemon.supervisor import supervise
from shared import __version__
from shared.errors import PluginError, SettingsError
from shared.logging import configure_logging
from shared.settings import EXIT_SETTINGS, load_settings_or_exit

EXIT_FAILED = 1


def main() -> int:
    """The exit code: 0 after an orderly stop, 1 after a fault of its own, 75 when the leadership was lost, 78 for
    wrong settings or plugins.
    """
    parser = argparse.ArgumentParser(prog="scheduler_daemon", description="Runs the unified scheduler.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.parse_args()
    settings = load_settings_or_exit()
    configure_logging(settings.log_level, settings.log_format)
    gc.freeze()  # what was imported stays for ever; the collector need not visit it
    try:
        return asyncio.run(supervise(settings))
    except (SettingsError, PluginError) as fault:
        structlog.get_logger(__name__).critical("daemon_cannot_start", error=str(fault))
        return EXIT_SETTINGS
    except Exception:  # the last word goes into the log like every other
        structlog.get_logger(__name__).critical("daemon_failed", exc_info=True)
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
