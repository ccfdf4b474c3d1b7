"""kill -9, SIGSTOP and SIGTERM of real daemons: nothing is lost, nothing runs twice at once."""

import signal
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from pymongo.database import Database

from tests.support.api_process import ApiProcess
from tests.support.daemon_process import DaemonProcess
from tests.support.documents import job_document, once
from tests.support.http_objects import create_notification_jobs, schedule_welcome, soon
from tests.support.smtp_server import SmtpServer
from tests.support.waiting import wait_until

StartDaemon = Callable[..., DaemonProcess]
Documents = Database[dict[str, Any]]


def count(db: Documents, **criteria: Any) -> int:
    return db.job_runs.count_documents(criteria)


def insert_runs_of(db: Documents, number: int, duration: str, **changes: Any) -> None:
    """That many jobs, each due once, now."""
    at = soon(0)
    db.dynamic_jobs.insert_many(
        [
            job_document(f"job-{n}", since=at, schedule=once(at), params={"duration": duration}, **changes)
            for n in range(number)
        ]
    )


def test_a_daemon_that_is_killed_three_times_while_it_sends_500_mails_serves_everybody(
    audited: None, daemon: StartDaemon, api: Callable[..., ApiProcess], smtp_server: SmtpServer, db: Documents
):
    running = daemon(**smtp_server.environment)
    served = api()
    create_notification_jobs(served)
    addresses = [f"person-{number}@example.com" for number in range(500)]
    schedule_welcome(served, addresses, soon(0))
    for sent in (60, 180, 320):
        smtp_server.wait_messages(sent, timeout=30)
        running.kill9()
        running = daemon(**smtp_server.environment)
    wait_until(lambda: db.notification_queue.count_documents({"state": "sent"}) == 500, timeout=60)
    ids: dict[str, set[str]] = {address: set() for address in addresses}
    for message in smtp_server.messages:
        ids[message.recipients[0]].add(message.message_id)
    assert all(len(each) == 1 for each in ids.values())
    twice = {
        name for name, times in Counter(message.message_id for message in smtp_server.messages).items() if times > 1
    }
    ambiguous = {item["messageId"] for item in db.notification_queue.find({"ambiguous": True}, {"messageId": 1})}
    assert twice <= ambiguous


def test_runs_of_a_killed_daemon_are_repeated_at_once_by_its_successor_on_the_same_host(
    audited: None, daemon: StartDaemon, db: Documents
):
    insert_runs_of(db, 50, "3s")
    first = daemon()
    wait_until(lambda: count(db, state="running") == 50)
    first.kill9()
    daemon()
    wait_until(lambda: count(db, state="succeeded") == 50, timeout=20)
    assert count(db) == 50
    assert count(db, interruptions=1, attempt=2) == 50


def test_a_stopped_leader_is_dead_before_it_can_act_again(audited: None, daemon: StartDaemon, db: Documents, tmp_path):
    frozen = daemon(DAEMON_LEASE_TTL_SECONDS=3)
    frozen.wait_event("leadership_taken")
    other_host = tmp_path / "other-host"
    other_host.mkdir()
    standby = daemon(DAEMON_LEASE_TTL_SECONDS=3, DAEMON_RUNTIME_FOLDER=other_host)
    insert_runs_of(db, 20, "4s")
    wait_until(lambda: count(db, state="running", epoch=1) == 20)
    frozen.send(signal.SIGSTOP)
    standby.wait_event("leadership_taken", timeout=20)
    frozen.send(signal.SIGCONT)
    assert frozen.wait(10) == -signal.SIGALRM
    wait_until(lambda: count(db, state="succeeded") == 20, timeout=30)
    assert count(db, epoch=2) == 20
    assert not frozen.log_events("run_finished")


def test_sigterm_lets_running_runs_finish_and_a_standby_takes_over(audited: None, daemon: StartDaemon, db: Documents):
    leader = daemon()
    leader.wait_event("leadership_taken")
    standby = daemon()
    insert_runs_of(db, 10, "2s")
    wait_until(lambda: count(db, state="running") == 10)
    assert leader.stop(30) == 0
    assert count(db, state="succeeded", attempt=1) == 10
    standby.wait_event("leadership_taken")


def test_a_second_sigterm_hands_running_runs_back_and_the_next_daemon_repeats_them(
    audited: None, daemon: StartDaemon, db: Documents
):
    first = daemon()
    insert_runs_of(db, 10, "5s")
    wait_until(lambda: count(db, state="running") == 10)
    first.terminate()
    first.wait_event("daemon_stopping")
    first.terminate()
    assert first.wait(10) == 0
    assert count(db, state="pending", token=None, interruptions=1) == 10
    daemon()
    wait_until(lambda: count(db, state="succeeded") == 10, timeout=20)


def test_a_frequent_job_of_a_daemon_that_dies_again_and_again_misses_no_occurrence(
    audited: None, daemon: StartDaemon, db: Documents
):
    since = soon(0)
    every_second = {"kind": "interval", "every": "1s", "anchor": since}
    policies = {"overlap": "queue_all", "misfire": {"policy": "all"}}
    db.dynamic_jobs.insert_one(job_document(since=since, schedule=every_second, policies=policies))
    for wanted in (2, 4, 6):
        running = daemon()
        wait_until(lambda wanted=wanted: count(db, state="succeeded") >= wanted, timeout=20)
        running.kill9()
    daemon()
    wait_until(lambda: count(db, state="succeeded") >= 9, timeout=20)
    nominal = sorted(run["scheduledFor"] for run in db.job_runs.find({}, {"scheduledFor": 1}))
    gaps = {(later - earlier).total_seconds() for earlier, later in pairwise(nominal)}
    assert gaps == {1.0}
    assert (nominal[0] - since).total_seconds() == 1.0
