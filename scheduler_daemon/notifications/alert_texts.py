"""What alerts say, in plain English. Pure. Nothing of a job's parameters is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduler_daemon.notifications.alert_rules import RunNotice
from shared.clock import rfc3339
from shared.models.definitions import Pause
from shared.models.runs import RunState
from shared.rendering import one_line

LONGEST_SMS = 160
MOST_SKIPS_SHOWN = 20

_ENDED = {
    RunState.FAILED: "failed",
    RunState.TIMED_OUT: "timed out",
    RunState.INTERRUPTED: "was interrupted",
}


@dataclass(frozen=True, slots=True)
class NoticeText:
    """One notice on each channel."""

    subject: str
    text: str
    sms: str

    def variables(self) -> dict[str, Any]:
        return {"subject": self.subject, "text": self.text, "sms": self.sms}


def run_text(job_id: str, name: str, zone: ZoneInfo, notice: RunNotice) -> NoticeText:
    """A run failed, or was the first good one after failures."""
    run, fields, trouble = notice.finish.run, notice.finish.update["$set"], notice.trouble
    failures = _counted(trouble.failures, "failed run")
    lines = [
        ("Job", f"{name} ({job_id})"),
        ("Run", run["_id"]),
        ("State", notice.finish.state.value),
    ]
    if notice.event == "recovered":
        subject = f'Job "{name}" has recovered after {failures}'
        lines.append(("In trouble since", _moment(trouble.since, zone)))
        short = f"Job {name} has recovered after {failures}"
    else:
        again = f", {trouble.failures} failed runs in a row" if trouble.failures > 1 else ""
        subject = f'Job "{name}" {_ENDED[notice.finish.state]}{again}'
        error = fields.get("error") or {}
        what = f"{error.get('type', '')}: {error.get('message', '')}"
        attempt = run["attempt"] - run.get("interruptions", 0)
        lines += [
            ("Error", what),
            ("Attempt", f"{attempt} of {run['maxAttempts']}"),
        ]
        if trouble.failures > 1:
            lines += [
                ("Failed in a row", str(trouble.failures)),
                ("In trouble since", _moment(trouble.since, zone)),
            ]
        short = f"Job {name} {_ENDED[notice.finish.state]}: {what}"
    lines += [
        ("Scheduled for", _moment(run["scheduledFor"], zone)),
        ("Finished at", _moment(fields["finishedAt"], zone)),
    ]
    return _notice(subject, lines, short)


def auto_pause_text(job_id: str, name: str, zone: ZoneInfo, pause: Pause) -> NoticeText:
    """pauseAfterFailures stepped in."""
    lines = [("Job", f"{name} ({job_id})"), ("Reason", pause.reason), ("Paused at", _moment(pause.at, zone))]
    after = (
        "It does not run again by itself. Mend the cause, then resume the job: send\n"
        f"POST /api/admin/scheduler/jobs/{job_id}/resume. What falls due meanwhile is not caught up."
    )
    subject = f'Job "{name}" has paused itself'
    return _notice(subject, lines, f"Job {name} has paused itself: {pause.reason}", after)


def skips_text(job_id: str, name: str, zone: ZoneInfo, records: Sequence[Mapping[str, Any]]) -> NoticeText:
    """Occurrences did not run. records: the skipped runs, at least one."""
    count = sum(each["span"]["count"] if each.get("span") else 1 for each in records)
    exact = all(each["span"]["exact"] for each in records if each.get("span"))
    reasons = ", ".join(sorted({str(each["reason"]) for each in records}))
    how_many = f"{'' if exact else 'at least '}{_counted(count, 'occurrence')}"
    lines = [("Job", f"{name} ({job_id})"), ("Occurrences", how_many), ("Reason", reasons)]
    lines += [("Skipped", _skip(each, zone)) for each in records[:MOST_SKIPS_SHOWN]]
    if len(records) > MOST_SKIPS_SHOWN:
        lines.append(("Skipped", f"and {len(records) - MOST_SKIPS_SHOWN} more records"))
    subject = f'Job "{name}" skipped {how_many} ({reasons})'
    return _notice(subject, lines, f"Job {name} skipped {how_many}: {reasons}")


def _skip(record: Mapping[str, Any], zone: ZoneInfo) -> str:
    span = record.get("span")
    if not span:
        return f"{_moment(record['scheduledFor'], zone)}: {record['reason']}"
    many = f"{'' if span['exact'] else 'at least '}{span['count']}"
    return f"{_moment(span['from'], zone)} to {_moment(span['to'], zone)}: {record['reason']}, {many}"


def _notice(subject: str, lines: Sequence[tuple[str, str]], short: str, after: str = "") -> NoticeText:
    body = "\n".join(f"{label}: {one_line(value)}" for label, value in lines)
    text = f"{one_line(subject)}.\n\n{body}\n" + (f"\n{after}\n" if after else "")
    return NoticeText(one_line(subject), text, one_line(short)[:LONGEST_SMS])


def _moment(at: datetime, zone: ZoneInfo) -> str:
    """In the schedule's zone and in UTC."""
    if zone.key == "UTC":
        return rfc3339(at)
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone.key} ({rfc3339(at.astimezone(UTC))})"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" + ("" if count == 1 else "s")
