"""The launcher's signals: one stop may arrive twice, a later one is meant."""

import pytest

from deploy.local import __main__ as entry


def test_a_signal_that_arrives_twice_stops_in_order_and_a_later_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    called: list[str] = []
    monkeypatch.setattr(entry.time, "monotonic", lambda: now)
    course = entry._SignalCourse(first=lambda: called.append("in order"), second=lambda: called.append("at once"))
    course()
    course()
    assert called == ["in order"]
    now += entry.SAME_SIGNAL_SECONDS + 0.1
    course()
    assert called == ["in order", "at once"]
