"""The worker's side, without a process: signals between and within frames, and throttled progress."""

import socket
from typing import Any, cast

import pytest

from scheduler_daemon.job_template import JobStopped, Progress
from scheduler_daemon.workers import progress_sender
from scheduler_daemon.workers.frames import Frame, encoded
from scheduler_daemon.workers.progress_sender import PROGRESS_SECONDS, ProgressSender
from scheduler_daemon.workers.worker import NoServices, Worker
from shared.clock import SystemClock


class Channel:
    """Takes what is sent; a signal arrives in the middle if the test wants one."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.in_the_middle = lambda: None

    def sendall(self, message: bytes) -> None:
        self.in_the_middle()
        self.sent.append(message)


def worker_on(channel: Channel) -> Worker:
    made = Worker(cast(socket.socket, channel), "info")
    made._executing = True
    return made


def test_a_stop_signal_ends_the_template_at_once() -> None:
    with pytest.raises(JobStopped):
        worker_on(Channel()).on_stop_signal(15, None)


def test_a_stop_signal_does_not_cut_a_frame_in_two() -> None:
    channel = Channel()
    worker = worker_on(channel)
    channel.in_the_middle = lambda: worker.on_stop_signal(15, None)
    with pytest.raises(JobStopped):
        worker.send({"n": 1})
    assert channel.sent == [encoded({"n": 1})]


class Hearing:
    """In the place of a worker: keeps what is sent."""

    def __init__(self) -> None:
        self.done: list[float] = []

    def send(self, frame: Frame) -> None:
        self.done.append(frame["progress"]["done"])


def test_progress_is_throttled_and_the_last_value_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    hearing = Hearing()
    sender = ProgressSender(hearing.send, SystemClock())
    for number in range(1000):
        sender(Progress(number))
    assert hearing.done == [0]
    sender.finish()
    sender(Progress(5000))
    sender._send()
    assert hearing.done == [0, 999]


def test_a_throttled_value_is_sent_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, call: Any) -> None:
            started.append((seconds, call))

        def start(self) -> None: ...

    monkeypatch.setattr(progress_sender.threading, "Timer", Timer)
    hearing = Hearing()
    sender = ProgressSender(hearing.send, SystemClock())
    for number in range(3):
        sender(Progress(number))
    ((seconds, call),) = started
    assert 0 < seconds <= PROGRESS_SECONDS
    call()
    assert hearing.done == [0, 2]


def test_services_are_refused_with_the_remedy() -> None:
    with pytest.raises(RuntimeError, match="async def"):
        _ = NoServices().notifications
