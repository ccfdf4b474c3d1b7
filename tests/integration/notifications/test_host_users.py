"""Users of the host application as recipients, through the field mapping of HOST_USERS."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient

from scheduler_daemon.notifications import recipients
from scheduler_daemon.store.host_users import HostUserStore
from scheduler_daemon.store.mongo import Client, Database
from shared.models.host_users import HostSelection, HostUsers
from shared.settings import Settings
from tests.integration.notifications.conftest import Office, OpenOffice
from tests.support.documents import MONDAY, once

ADA = ObjectId("65f000000000000000000001")
USERS = {
    "collection": "app.users", "email": "contact.email", "name": "fullName", "timezone": "tz", "role": "role",
    "tags": "tags", "groups": "teams",
}  # fmt: skip
PEOPLE: list[dict[str, Any]] = [
    {"_id": ADA, "contact": {"email": "ada@example.com"}, "fullName": "Ada", "role": "admin", "tags": ["vip", "math"]},
    {"_id": 7, "contact": {"email": "bob@example.com"}, "role": "user", "teams": ["crew"], "tz": "Asia/Tokyo"},
    {"_id": "eve", "contact": {"email": "eve@example.com"}, "role": "user", "tags": "vip"},
    {"_id": "odd", "contact": "none", "role": ["user"], "tags": 7},
]


@pytest.mark.parametrize(
    ("selection", "reached"),
    [
        ({"everyone": True}, ["ada", "bob", "eve"]),
        ({"ids": [str(ADA), "7", "nobody"]}, ["ada", "bob"]),
        ({"roles": ["user"]}, ["bob", "eve"]),
        ({"tags": ["vip"]}, ["ada", "eve"]),
        ({"groups": ["crew"], "ids": ["eve"]}, ["bob", "eve"]),
        ({"filter": '{"role": {"$in": ["user"]}}'}, ["bob", "eve"]),
        ({"everyone": True, "filter": '{"$or": [{"role": "admin"}, {"teams": {"$exists": true}}]}'}, ["ada", "bob"]),
        ({"tags": ["vip"], "filter": '{"role": "user"}'}, ["eve"]),
    ],
)
async def test_users_are_found_by_id_role_tag_and_group(
    open_office: OpenOffice, monkeypatch: pytest.MonkeyPatch, selection: dict[str, Any], reached: list[str]
) -> None:
    monkeypatch.setattr(recipients, "MOST_PEOPLE", 1)
    office = await open_office(host_users={**USERS, "filterFields": ["role", "teams"]})
    await office.db["app.users"].insert_many(PEOPLE)
    await office.add_template()
    await office.schedule(schedule=once(MONDAY), recipients={"users": selection})
    await office.process()
    assert [item["recipient"]["address"].partition("@")[0] for item in await by_address(office)] == reached


async def test_what_is_known_of_a_user_is_in_the_text(open_office: OpenOffice) -> None:
    office = await open_office(host_users=USERS)
    await office.db["app.users"].insert_many(PEOPLE)
    await office.add_template(subject="{{ name }} in {{ timezone }}")
    await office.schedule(schedule=once(MONDAY), recipients={"users": {"ids": [str(ADA), "7"]}})
    await office.process()
    items = await by_address(office)
    assert [item["subject"] for item in items] == ["Ada in", "friend in Asia/Tokyo"]
    assert items[0]["recipient"]["recipientId"] == str(ADA)


async def test_many_users_need_an_approval_too(open_office: OpenOffice) -> None:
    office = await open_office(host_users=USERS, notification_approval_above=3)
    await office.db["app.users"].insert_many(PEOPLE)
    await office.add_template()
    await office.schedule(schedule=once(MONDAY), recipients={"users": {"everyone": True}})
    assert (await office.process())["held"] == 1


@pytest.mark.parametrize(
    ("given", "selection", "field"),
    [
        ({}, {"everyone": True}, "recipients.users"),
        ({"host_users": {"collection": "users", "email": "email"}}, {"roles": ["admin"]}, "recipients.users.roles"),
        ({"host_users": USERS}, {"filter": '{"role": "user"}'}, "recipients.users.filter"),
        (
            {"host_users": {**USERS, "filterFields": ["role"]}},
            {"filter": '{"$or": [{"role": "user"}, {"password": {"$gte": "a"}}]}'},
            "recipients.users.filter",
        ),
    ],
)
async def test_what_the_setting_does_not_say_puts_aside_with_the_remedy(
    open_office: OpenOffice, given: dict[str, Any], selection: dict[str, Any], field: str
) -> None:
    office = await open_office(**given)
    await office.add_template()
    await office.schedule(schedule=once(MONDAY), recipients={"users": selection})
    assert (await office.process())["quarantined"] == 1
    quarantine = (await office.scheduled())["daemon"]["quarantine"]
    assert quarantine["field"] == field
    assert "HOST_USERS" in quarantine["reason"]


async def test_a_collection_that_is_refused_puts_aside_only_who_names_it(open_office: OpenOffice) -> None:
    """A view has no index to page by."""
    office = await open_office(host_users=USERS)
    await office.db["people"].insert_many([{**PEOPLE[1], "_id": number} for number in range(3)])
    await office.db.create_collection("app.users", viewOn="people", pipeline=[])
    await office.add_template()
    await office.schedule("aaa", schedule=once(MONDAY), recipients={"users": {"everyone": True}})
    await office.schedule("wave", schedule=once(MONDAY))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipients, "MOST_PEOPLE", 1)
        report = await office.process()
    assert (report["quarantined"], report["occurrences"]) == (1, 1)
    quarantine = (await office.scheduled("aaa"))["daemon"]["quarantine"]
    assert quarantine["field"] == "recipients.users"
    assert "app.users of HOST_USERS cannot be read" in quarantine["reason"]


async def test_a_slow_query_of_users_is_waited_for(
    mongo: tuple[Client, Database], settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's limit, which nothing can keep here, is not theirs."""
    _, database = mongo

    async def as_they_are(_: HostUserStore, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return people  # preferences are this system's, and under its client's limit

    monkeypatch.setattr(HostUserStore, "_with_preferences", as_they_are)
    await database["app.users"].insert_many(PEOPLE)
    impatient: Client = AsyncMongoClient(settings().mongodb_uri.get_secret_value(), timeoutMS=0.001)
    store = HostUserStore(impatient[database.name], HostUsers.model_validate(USERS))
    everyone = HostSelection(everyone=True)
    assert await store.count(everyone) == len(PEOPLE)
    assert [len(people) async for people in store.batches(everyone, 2)] == [3, 1]
    await impatient.close()


async def test_a_given_approval_covers_no_more_users_than_it_named(open_office: OpenOffice) -> None:
    office = await open_office(host_users=USERS, notification_approval_above=2)
    await office.db["app.users"].insert_many(PEOPLE)
    await office.add_template()
    given = {"requestedBy": "ada", "recipients": 3, "by": "bob", "at": MONDAY}
    await office.schedule(schedule=once(MONDAY), recipients={"users": {"everyone": True}}, approval=given)
    assert (await office.process())["held"] == 1
    assert (await office.scheduled())["daemon"]["needsApproval"] == 4
    enough = {"approval.recipients": 4, "revision": 2, "plannedRevision": None}
    await office.db.scheduled_notifications.update_one({}, {"$set": enough})
    assert (await office.process())["queued"] == 3


async def test_what_a_user_does_not_want_is_kept_here_and_obeyed(open_office: OpenOffice) -> None:
    office = await open_office(host_users=USERS)
    await office.db["app.users"].insert_many(PEOPLE)
    await office.db["host_user_preferences"].insert_many(
        [
            {"_id": str(ADA), "optOuts": [{"category": "news", "channel": "email"}]},
            {"_id": "7", "optOuts": [{"category": "news", "channel": "sms"}, {"category": "offers"}]},
            {"_id": "eve", "optOuts": "all of it"},
        ]
    )
    await office.add_template(category="news")
    await office.schedule(schedule=once(MONDAY), recipients={"users": {"everyone": True}})
    await office.process()
    states = {item["recipient"]["address"].partition("@")[0]: item["state"] for item in await office.items()}
    assert states == {"ada": "suppressed", "bob": "pending", "eve": "suppressed"}


async def test_fields_that_the_settings_name_are_variables(open_office: OpenOffice) -> None:
    fields = {"plan": "account.plan", "since": "account.since", "ref": "account.ref", "odd": "account", "no": "role"}
    office = await open_office(host_users={**USERS, "variables": fields})
    account = {"plan": "gold", "since": MONDAY, "ref": ADA}
    await office.db["app.users"].insert_one({"_id": 1, "contact": {"email": "ada@example.com"}, "account": account})
    names = [*fields, "name"]
    await office.add_template(
        subject="{{ plan }} {{ since }} {{ ref }} {{ odd }}",
        variables=[{"name": name, "default": "-"} for name in names],
    )
    await office.schedule(schedule=once(MONDAY), recipients={"users": {"everyone": True}})
    await office.process()
    [item] = await office.items()
    assert item["subject"] == f"gold 2026-11-23T09:00:00.000Z {ADA} -"


async def by_address(office: Office) -> list[dict[str, Any]]:
    return sorted(await office.items(), key=lambda item: item["recipient"]["address"])
