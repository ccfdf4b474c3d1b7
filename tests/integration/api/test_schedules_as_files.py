"""Definitions kept in files: apply, diff, export, and how the API guards what comes from files."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

from tests.integration.api.conftest import JOBS, SCHEDULED, TEMPLATES, Caller, Db, assert_problem, job_body

Run = Callable[..., Result]
CALENDARS = "/api/admin/scheduler/calendars"
GROUPS = "/api/notifications/groups"

WORLD = """
kind: scheduledNotification
name: Weekly letter
templateId: Letter
channels: [email]
recipients: {groups: [Everyone]}
schedule: {kind: cron, expression: "0 9 * * MON", timezone: Europe/Paris, excludeCalendars: [Holidays]}
---
kind: job
name: Nightly
template: noop
schedule: {kind: cron, expression: "0 2 * * *", timezone: Europe/Paris, excludeCalendars: [Holidays]}
policies: {timeout: 90s}
---
kind: recipientGroup
name: Everyone
members: []
---
kind: notificationTemplate
name: Letter
channels: [email]
subject: News
text: Hello!
---
kind: calendar
name: Holidays
timezone: Europe/Paris
entries: [{name: Christmas, first: 2026-12-25, last: 2026-12-26}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "schedules" / "deep"
    path.mkdir(parents=True)
    (path / "all.yaml").write_text(WORLD)
    (path / "README.md").write_text("no YAML: {")
    return path.parent


def actions(result: Result) -> list[tuple[str, str]]:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    steps = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    return [(step["action"], step["kind"]) for step in steps]


def test_files_are_made_in_the_order_of_their_needs_and_again_change_nothing(
    cli: Run,
    admin: Caller,
    folder: Path,
) -> None:
    kinds = ["calendar", "notificationTemplate", "recipientGroup", "job", "scheduledNotification"]
    assert actions(cli("diff", "-f", str(folder), "--json")) == [("create", kind) for kind in kinds]
    assert actions(cli("apply", "-f", str(folder), "--dry-run", "--json")) == [("create", kind) for kind in kinds]
    assert admin.get(JOBS).json["items"] == [], "a dry run changes nothing"
    applied = cli("apply", "-f", str(folder), "--json")
    assert (applied.exit_code, actions(applied)) == (0, [("create", kind) for kind in kinds]), applied.output
    [calendar], [letter] = admin.get(CALENDARS).json["items"], admin.get(SCHEDULED).json["items"]
    assert letter["schedule"]["excludeCalendars"] == [calendar["id"]]
    assert letter["templateId"] == admin.get(TEMPLATES).json["items"][0]["id"]
    assert letter["recipients"]["groups"] == [admin.get(GROUPS).json["items"][0]["id"]]
    [job] = admin.get(JOBS).json["items"]
    assert (job["managedBy"], job["managedLabel"]) == ("files", "default")
    assert actions(cli("apply", "-f", str(folder), "--json")) == [("unchanged", kind) for kind in kinds]
    assert admin.get(JOBS).json["items"][0]["revision"] == job["revision"]
    assert cli("diff", "-f", str(folder)).exit_code == 0


def test_what_changes_in_a_file_is_updated_alone(cli: Run, admin: Caller, folder: Path) -> None:
    cli("apply", "-f", str(folder))
    file = folder / "deep" / "all.yaml"
    file.write_text(WORLD.replace("90s", "2m").replace("name: Nightly\n", "name:   Nightly\n"))
    changed = cli("diff", "-f", str(folder), "--json")
    assert (changed.exit_code, actions(changed)) == (1, [("update", "job")])
    cli("apply", "-f", str(folder))
    [job] = admin.get(JOBS).json["items"]
    assert (job["policies"]["timeout"], job["revision"]) == ("2m", 2)


def test_prune_deletes_what_left_the_files_of_its_label_only(
    cli: Run,
    admin: Caller,
    folder: Path,
    tmp_path: Path,
) -> None:
    by_hand = admin.created(JOBS, job_body(name="By hand"))["id"]
    cli("apply", "-f", str(folder), "--label", "crm")
    other = tmp_path / "other.yaml"
    other.write_text("kind: job\nname: Other\ntemplate: noop\nschedule: {kind: interval, every: 5m}\n")
    assert actions(cli("apply", "-f", str(other), "--json")) == [("create", "job")]
    (folder / "deep" / "all.yaml").write_text("")
    pruned = actions(cli("apply", "-f", str(folder), "--label", "crm", "--prune", "--json"))
    assert [kind for _, kind in pruned] == [
        *("scheduledNotification", "job", "recipientGroup", "notificationTemplate", "calendar")
    ]
    assert {action for action, _ in pruned} == {"delete"}
    assert {job["name"] for job in admin.get(JOBS).json["items"]} == {"By hand", "Other"}
    assert admin.get(f"{JOBS}/{by_hand}").json["managedBy"] is None


@pytest.mark.parametrize("path", [JOBS, SCHEDULED, TEMPLATES, CALENDARS, GROUPS])
def test_the_api_refuses_to_change_what_comes_from_files_unless_forced(
    cli: Run,
    admin: Caller,
    folder: Path,
    path: str,
) -> None:
    cli("apply", "-f", str(folder))
    [stored] = admin.get(path).json["items"]
    fields = {name: stored[name] for name in _WRITABLE[path]}
    one = f"{path}/{stored['id']}"
    headers = {"If-Match": f'"{stored["revision"]}"'}
    assert_problem(admin.put(one, fields, headers=headers), 409, "managed_by_files")
    if path in (JOBS, SCHEDULED):
        assert_problem(admin.patch(one, {"name": "Mine"}, headers=headers), 409, "managed_by_files")
    assert_problem(admin.delete(one, headers=headers), 409, "managed_by_files")
    forced = admin.put(f"{one}?force=true", fields | {"name": "Mine"}, headers=headers)
    assert forced.status_code == 200, forced.text
    assert (forced.json["managedBy"], forced.json["managedDigest"]) == ("files", None)


_WRITABLE = {
    JOBS: ("name", "template", "schedule"),
    SCHEDULED: ("name", "templateId", "channels", "recipients", "schedule"),
    TEMPLATES: ("name", "channels", "subject", "text"),
    CALENDARS: ("name", "timezone", "entries"),
    GROUPS: ("name", "members"),
}


def test_a_forced_change_is_undone_by_the_next_apply(cli: Run, admin: Caller, folder: Path) -> None:
    cli("apply", "-f", str(folder))
    [job] = admin.get(JOBS).json["items"]
    one, headers = f"{JOBS}/{job['id']}", {"If-Match": f'"{job["revision"]}"'}
    assert admin.patch(f"{one}?force=true", {"policies": {"timeout": "5m"}}, headers=headers).status_code == 200
    assert actions(cli("apply", "-f", str(folder), "--json"))[3] == ("update", "job")
    assert admin.get(one).json["policies"]["timeout"] == "1m30s"


def test_pausing_and_running_stay_open_to_everybody(cli: Run, admin: Caller, folder: Path) -> None:
    cli("apply", "-f", str(folder))
    [job] = admin.get(JOBS).json["items"]
    headers = {"If-Match": f'"{job["revision"]}"'}
    assert admin.post(f"{JOBS}/{job['id']}/pause", {}, headers=headers).status_code == 200
    assert admin.post(f"{JOBS}/{job['id']}/run", {}).status_code in (202, 409)
    assert actions(cli("apply", "-f", str(folder), "--json"))[3] == ("unchanged", "job")


def test_a_namesake_made_by_hand_is_taken_over_only_on_demand(
    cli: Run,
    admin: Caller,
    folder: Path,
) -> None:
    mine = admin.created(JOBS, job_body(name="Nightly"))["id"]
    refused = cli("apply", "-f", str(folder))
    assert (refused.exit_code, "--adopt" in refused.output) == (1, True)
    assert admin.get(CALENDARS).json["items"] == [], "nothing is changed before all is checked"
    assert ("update", "job") in actions(cli("apply", "-f", str(folder), "--adopt", "--json"))
    assert admin.get(f"{JOBS}/{mine}").json["managedBy"] == "files"


def test_what_is_exported_can_be_applied_elsewhere(
    cli: Run,
    admin: Caller,
    db: Db,
    folder: Path,
    tmp_path: Path,
) -> None:
    cli("apply", "-f", str(folder))
    text = cli("export").output
    for collection in ("dynamic_jobs", "scheduled_notifications", "calendars", "recipient_groups"):
        db[collection].delete_many({})
    db["notification_templates"].delete_many({})
    assert next(each["kind"] for each in yaml.safe_load_all(text)) == "calendar"
    exported = tmp_path / "exported.yaml"
    exported.write_text(text)
    assert [action for action, _ in actions(cli("apply", "-f", str(exported), "--json"))] == ["create"] * 5
    [letter], [calendar] = admin.get(SCHEDULED).json["items"], admin.get(CALENDARS).json["items"]
    assert letter["schedule"]["excludeCalendars"] == [calendar["id"]]
    assert len(cli("export", "--kind", "job", "--json").output.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: job\nname: A\nname: B\n", "line 3, column 1: the key 'name' stands twice"),
        ("kind: jobb\nname: A\n", "document 1: kind: write one of"),
        ("kind: job\n", "document 1: name"),
        ("- a\n", "document 1: write an object"),
        ("kind: job\nname: &a A\ntemplate: *a\n", "references"),
        ("kind: job\nname: !!python/object/apply:os.system [ls]\n", "could not determine a constructor"),
        ("kind: job\nname: A\nparams: {a: !!binary aGk=}\n", "document 1: write only texts"),
        ("kind: job\nname: A\nparams: {a: .nan}\n", "document 1: write only texts"),
        ("kind: {\n", "line 2, column 1"),
        ("kind: job\nname: A\n---\nkind: job\nname: A\n", "document 2: name"),
        (
            "kind: job\nname: A\ntemplate: nonesuch\nschedule: {kind: interval, every: 5m}\n",
            "document 1: job 'A': template",
        ),
    ],
)
def test_a_fault_names_file_document_and_place(cli: Run, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "faulty.yaml"
    file.write_text(text)
    result = cli("apply", "-f", str(file))
    assert result.exit_code == 1, result.output
    assert str(file) in result.output
    assert words in result.output


def test_a_reference_by_name_means_what_comes_from_the_same_files(cli: Run, admin: Caller, folder: Path) -> None:
    days = [{"name": "x", "first": "2026-12-25", "last": "2026-12-25"}]
    cli("apply", "-f", str(folder))
    [ours] = [each["id"] for each in admin.get(CALENDARS).json["items"]]
    admin.created(CALENDARS, {"name": "Holidays", "timezone": "UTC", "entries": days})
    (folder / "deep" / "all.yaml").write_text(WORLD.replace("90s", "2m"))
    assert cli("apply", "-f", str(folder)).exit_code == 0
    assert admin.get(JOBS).json["items"][0]["schedule"]["excludeCalendars"] == [ours]
    assert cli("apply", "-f", str(folder), "--label", "a b").exit_code == 2


def test_a_mark_of_another_make_is_refused(admin: Caller) -> None:
    response = admin.post(JOBS, job_body(), headers={"X-Managed-By": "me"})
    assert_problem(response, 422, "invalid_fields", "X-Managed-By")
