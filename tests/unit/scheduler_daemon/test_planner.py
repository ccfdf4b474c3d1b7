"""The planner: pure decisions on jobs that are due or were changed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler_daemon.job_templates.noop_template import NoopTemplate
from scheduler_daemon.scheduling.job_reader import JobReader
from scheduler_daemon.scheduling.planner import JobPlan, Planner
from shared.clock import to_milliseconds
from shared.schedule.exclusions import NO_EXCLUSIONS
from shared.schedule.overlap import NO_LIVE_RUNS, LiveRuns
from shared.secrets_vault import Vault
from tests.support.documents import MONDAY, job_document, once, seconds

PLANNER = Planner(JobReader({"noop": NoopTemplate()}, Vault()), lambda _: NO_EXCLUSIONS, timedelta(days=7))


def plan(document: dict[str, Any], now: datetime, live: LiveRuns = NO_LIVE_RUNS) -> JobPlan:
    return PLANNER.plan(document, live, now)


def planned(identity: str = "job-1", **changes: Any) -> dict[str, Any]:
    progress = {"nextRun": MONDAY + seconds(60), "cursor": MONDAY, **changes.pop("daemon", {})}
    return job_document(identity, **{"plannedRevision": 1, "daemon": progress, **changes})


def nominal(result: JobPlan) -> list[datetime]:
    return [run["scheduledFor"] for run in result.runs]


def progress_of(result: JobPlan) -> dict[str, Any]:
    return {name.removeprefix("daemon."): value for name, value in result.update["$set"].items()}


def test_a_new_job_gets_its_next_run_and_starts_nothing():
    result = plan(job_document(), MONDAY + seconds(1))
    assert result.runs == []
    assert progress_of(result)["nextRun"] == MONDAY + seconds(60)
    assert progress_of(result)["plannedRevision"] == 1
    assert result.seen == {"_id": "job-1", "revision": 1, "daemon.nextRun": None}


def test_a_due_occurrence_becomes_a_run_whose_identity_is_its_nominal_time():
    result = plan(planned(), MONDAY + seconds(60.5))
    assert [run["_id"] for run in result.runs] == [f"job-1:{to_milliseconds(MONDAY + seconds(60))}"]
    assert progress_of(result)["cursor"] == MONDAY + seconds(60)
    assert progress_of(result)["nextRun"] == MONDAY + seconds(120)


def test_a_moment_that_passed_while_the_request_was_on_its_way_still_fires():
    document = job_document(since=MONDAY, schedule=once(MONDAY - seconds(1)))
    assert nominal(plan(document, MONDAY + seconds(1))) == [MONDAY - seconds(1)]


def test_a_daemon_that_was_away_catches_up_from_the_edit_not_from_its_start():
    document = job_document(since=MONDAY, schedule=once(MONDAY + seconds(5)))
    assert nominal(plan(document, MONDAY + seconds(3600))) == [MONDAY + seconds(5)]


def test_an_edit_of_a_rule_that_fired_already_does_not_fire_again():
    at = MONDAY + seconds(5)
    document = job_document(since=MONDAY + seconds(10), revision=2, schedule=once(at), daemon={"cursor": at})
    result = plan(document, MONDAY + seconds(11))
    assert nominal(result) == []
    assert progress_of(result)["completed"] is True


def test_a_long_outage_runs_the_latest_and_records_the_rest():
    result = plan(planned(), MONDAY + seconds(600) + timedelta(seconds=30))
    assert nominal(result) == [MONDAY + seconds(600)]
    (record,) = result.records
    assert record["reason"] == "misfire"
    assert record["span"] == {"from": MONDAY + seconds(60), "to": MONDAY + seconds(540), "count": 9, "exact": True}
    assert record["expireAt"] is not None


@pytest.mark.parametrize(
    ("policy", "live", "expected"),
    [
        ("skip", LiveRuns(1, 0), ("skipped", False)),
        ("queue_one", LiveRuns(1, 0), ("pending", True)),
        ("queue_one", LiveRuns(1, 1), ("skipped", False)),
        ("queue_all", LiveRuns(1, 5), ("pending", True)),
        ("allow:2", LiveRuns(1, 0), ("pending", False)),
        ("allow:2", LiveRuns(2, 0), ("skipped", False)),
        ("cancel_running", LiveRuns(1, 0), ("pending", True)),
        ("skip", NO_LIVE_RUNS, ("pending", False)),
    ],
)
def test_the_overlap_policy_decides_on_an_occurrence_beside_live_runs(
    policy: str, live: LiveRuns, expected: tuple[str, bool]
):
    result = plan(planned(policies={"overlap": policy}), MONDAY + seconds(61), live)
    (document,) = [*result.runs, *result.records]
    assert (document["state"], document["waiting"]) == expected
    assert (result.cancel_running_of == "job-1") is (policy == "cancel_running")


def test_the_maximum_number_of_runs_completes_the_job():
    schedule = {"kind": "interval", "every": "1m", "maxRuns": 2}
    result = plan(planned(schedule=schedule, daemon={"runsStarted": 1}), MONDAY + seconds(61))
    assert len(result.runs) == 1
    assert progress_of(result)["completed"] is True
    assert progress_of(result)["nextRun"] is None


def test_an_occurrence_that_is_skipped_does_not_use_up_the_maximum_of_runs():
    schedule = {"kind": "interval", "every": "20s", "anchor": MONDAY, "maxRuns": 1}
    policies = {"overlap": "skip"}
    document = planned(schedule=schedule, policies=policies, daemon={"nextRun": MONDAY + seconds(20)})
    result = plan(document, MONDAY + seconds(45), LiveRuns(1, 0))
    assert result.runs == []
    assert [record["scheduledFor"] for record in result.records] == [MONDAY + seconds(20), MONDAY + seconds(40)]
    assert progress_of(result)["completed"] is False


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deletedAt": MONDAY}, "deleted"),
        ({"enabled": False}, "paused"),
        ({"pause": {"at": MONDAY, "reason": "audit"}}, "paused"),
    ],
)
def test_a_job_at_rest_starts_nothing_and_drops_what_is_pending(changes: dict[str, Any], reason: str):
    result = plan(job_document(**changes), MONDAY + seconds(61))
    assert result.runs == []
    assert result.drop_pending == reason
    assert progress_of(result)["nextRun"] is None


def test_a_pause_until_a_moment_ends_by_itself_and_catches_nothing_up():
    until = MONDAY + seconds(600)
    paused = job_document(pause={"at": MONDAY, "until": until})
    rest = progress_of(plan(paused, MONDAY + seconds(10)))
    assert rest["nextRun"] == until
    assert "cursor" not in rest
    paused |= {"plannedRevision": 1, "daemon": {"nextRun": until}}
    awake = plan(paused, until)
    assert nominal(awake) == []
    assert progress_of(awake)["nextRun"] == until + seconds(60)


def test_a_job_that_is_resumed_before_its_pause_ends_goes_on_at_once():
    paused = job_document(pause={"at": MONDAY, "until": MONDAY + timedelta(days=2)})
    rest = progress_of(plan(paused, MONDAY + seconds(10)))
    resumed = job_document(since=MONDAY + seconds(30), revision=2, daemon={"nextRun": rest["nextRun"]})
    assert progress_of(plan(resumed, MONDAY + seconds(31)))["nextRun"] == MONDAY + seconds(90)


def test_what_passes_while_a_job_has_paused_itself_is_recorded():
    policies = {"pauseAfterFailures": 1}
    pausing = plan(planned(policies=policies, daemon={"consecutiveFailures": 1}), MONDAY + seconds(61))
    assert [record["reason"] for record in pausing.records] == ["paused"]
    assert progress_of(pausing)["cursor"] == MONDAY + seconds(60)
    progress = {"cursor": MONDAY + seconds(60), "autoPaused": progress_of(pausing)["autoPaused"]}
    renamed = job_document(policies=policies, revision=2, updatedAt=MONDAY + seconds(200), daemon=progress)
    revived = plan(renamed, MONDAY + seconds(201))
    (record,) = revived.records
    assert (record["reason"], record["span"]["count"]) == ("paused", 2)
    assert revived.runs == []


def test_what_passes_while_a_job_has_paused_itself_outlives_a_pause_that_ends_by_itself():
    policies = {"pauseAfterFailures": 1}
    resting = {"since": MONDAY, "schedule": {"kind": "interval", "every": "1m"}}
    progress = {
        "nextRun": MONDAY + seconds(300), "cursor": MONDAY, "consecutiveFailures": 1,
        "autoPaused": {"at": MONDAY, "by": "scheduler"}, "resting": resting,
    }  # fmt: skip
    pause = {"at": MONDAY + seconds(200), "until": MONDAY + seconds(300)}
    since = {"scheduleSince": MONDAY + seconds(200)}
    result = plan(planned(policies=policies, daemon=progress, pause=pause, **since), MONDAY + seconds(361))
    spans = [(record["span"]["from"], record["span"]["to"]) for record in result.records]
    assert spans == [(MONDAY + seconds(60), MONDAY + seconds(300)), (MONDAY + seconds(360), MONDAY + seconds(360))]
    assert progress_of(result)["autoPaused"] is not None
    assert progress_of(result)["resting"]["since"] == MONDAY + seconds(360)


def test_a_job_that_failed_too_often_pauses_itself_and_an_edit_wakes_it():
    policies = {"pauseAfterFailures": 3}
    result = plan(planned(policies=policies, daemon={"consecutiveFailures": 3}), MONDAY + seconds(61))
    assert result.runs == []
    assert "3 runs failed" in progress_of(result)["autoPaused"]["reason"]
    edited = job_document(
        since=MONDAY + seconds(100), policies=policies, daemon={"consecutiveFailures": 3, "cursor": MONDAY}
    )
    woken = progress_of(plan(edited, MONDAY + seconds(110)))
    assert woken["autoPaused"] is None
    assert woken["consecutiveFailures"] == 0
    assert woken["nextRun"] is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"schedule": "at noon"}, "schedule"),
        ({"schedule": {"kind": "cron", "expression": "0 0 30 2 *"}}, "schedule.cron.expression"),
        ({"schedule": {"kind": "cron", "expression": "* * * * *", "timezone": "Mars/Base"}}, "schedule.cron.timezone"),
        ({"template": "unheard_of"}, "template"),
        ({"params": {"duration": "soon"}}, "params.duration"),
        ({"params": 5}, "params"),
        ({"policies": {"overlap": "perhaps"}}, "policies.overlap"),
        ({"revision": "1"}, "revision"),
        ({"scheduleSince": "yesterday"}, "scheduleSince"),
        ({"daemon": {"nextRun": "2026-11-23T09:00:00Z"}}, "daemon.nextRun"),
        ({"daemon": 7}, "daemon"),
        ({"_id": 12}, "_id"),
    ],
)
def test_a_malformed_document_is_put_aside_with_the_field_that_is_wrong(changes: dict[str, Any], field: str):
    result = plan(job_document(**changes), MONDAY + seconds(61))
    assert result.runs == []
    assert result.quarantine is not None
    assert result.quarantine.field == field
    assert result.quarantine.reason
    assert result.update["$set"]["daemon"]["nextRun"] is None
    assert result.update["$set"]["plannedRevision"] is not None


def test_a_job_that_is_put_aside_keeps_its_history():
    document = planned(schedule="at noon", daemon={"counters": {"succeeded": 4}, "runsStarted": 4})
    daemon = plan(document, MONDAY + seconds(61)).update["$set"]["daemon"]
    assert daemon["counters"] == {"succeeded": 4}
    assert daemon["runsStarted"] == 4


def test_the_time_of_a_pause_is_recorded_when_it_ends_by_the_rule_that_rested():
    pause = {"at": MONDAY + seconds(90)}
    resting = plan(planned(plannedRevision=None, pause=pause, since=MONDAY + seconds(90)), MONDAY + seconds(91))
    assert (resting.records, progress_of(resting)["nextRun"]) == ([], None)
    assert progress_of(resting)["resting"]["since"] == MONDAY
    progress = {"nextRun": None, "cursor": MONDAY, "resting": progress_of(resting)["resting"]}
    faster = {"kind": "interval", "every": "10s"}
    document = planned(
        plannedRevision=None,
        revision=3,
        since=MONDAY + seconds(300),
        createdAt=MONDAY,
        schedule=faster,
        daemon=progress,
    )
    resumed = plan(document, MONDAY + seconds(301))
    (record,) = resumed.records
    assert (record["state"], record["reason"]) == ("skipped", "paused")
    span = record["span"]
    assert (span["from"], span["to"], span["count"]) == (MONDAY + seconds(60), MONDAY + seconds(300), 5)
    assert progress_of(resumed)["resting"] is None
    assert resumed.update["$inc"] == {"daemon.skipped.paused": 5}


def test_a_pause_that_ends_by_itself_is_recorded_too():
    pause = {"at": MONDAY, "until": MONDAY + seconds(150)}
    resting = plan(planned(plannedRevision=None, pause=pause), MONDAY + seconds(1))
    progress = {"nextRun": MONDAY + seconds(150), "cursor": MONDAY, "resting": progress_of(resting)["resting"]}
    awake = plan(planned(pause=pause, daemon=progress), MONDAY + seconds(150))
    (record,) = awake.records
    assert (record["span"]["from"], record["span"]["to"]) == (MONDAY + seconds(60), MONDAY + seconds(120))
    assert progress_of(awake)["nextRun"] == MONDAY + seconds(180)


def test_an_occurrence_that_is_planned_after_its_start_deadline_is_recorded():
    result = plan(planned(policies={"startDeadline": "5s"}), MONDAY + seconds(66))
    (record,) = result.records
    assert (record["state"], record["reason"], result.runs) == ("skipped", "deadline", [])
    assert result.update["$inc"] == {"daemon.skipped.deadline": 1}


def test_a_rule_that_is_changed_while_the_job_rests_is_recorded_until_the_change():
    pause = {"at": MONDAY}
    resting = {"since": MONDAY, "schedule": {"kind": "interval", "every": "1m"}}
    progress = {"nextRun": None, "cursor": MONDAY, "resting": resting}
    hourly = {"kind": "interval", "every": "1h"}
    changed = {"since": MONDAY + seconds(300), "createdAt": MONDAY, "schedule": hourly, "pause": pause}
    edited = plan(planned(plannedRevision=None, revision=3, daemon=progress, **changed), MONDAY + seconds(301))
    (record,) = edited.records
    assert (record["reason"], record["span"]["count"]) == ("paused", 5)
    assert progress_of(edited)["resting"]["since"] == MONDAY + seconds(300)
    assert progress_of(edited)["resting"]["schedule"]["every"] == "1h"
