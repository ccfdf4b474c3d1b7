"""The answer to whoever asks the daemon for something: that it will be done, and whether a daemon is there to do it."""

from typing import Any

from flask import Response

from api.answers.status import AWAY_AFTER
from api.context import clock, store
from api.responses import accepted


def commanded(body: dict[str, Any]) -> Response:
    """202. Without a daemon it is done as soon as one is back."""
    return accepted({**body, "daemonAlive": store().system.heard_of_a_daemon(clock().now() - AWAY_AFTER)})
