"""`python -m scheduler_daemon.workers CHANNEL LEASE LOG_LEVEL`: the guard forks the worker before it imports anything.

CHANNEL and LEASE are the numbers of inherited file descriptors. Started by the daemon's pool, never by a person.
"""

import os
import sys

from scheduler_daemon.workers.descendants import adopt_orphans
from scheduler_daemon.workers.guard import guard, tie_to


def main(channel: int, lease: int, log_level: str) -> None:
    """Does not return: the guard exits as the worker did."""
    adopt_orphans()
    guarding = os.getpid()
    worker = os.fork()
    if worker:
        os.close(channel)
        os.setpgid(worker, worker)
        guard(worker, lease)
    os.setpgid(0, 0)
    os.close(lease)
    tie_to(guarding)
    from scheduler_daemon.workers.worker import serve  # costs half a second, and the guard needs none of it

    serve(channel, log_level)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
