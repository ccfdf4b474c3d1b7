"""The API killed while screens are open, and back on the same port."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.support.api_process import ApiProcess
from tests.support.browser import OpenUi
from tests.support.http_objects import create_job, items
from tests.support.stack import Stack

JOBS = "/api/admin/scheduler/jobs"
GONE = "The API does not answer. What you see may be old"
pytestmark = pytest.mark.xdist_group("browser-outages")


def test_nothing_typed_is_lost_while_the_api_is_away_and_it_is_saved_once(
    stack: Stack, running: ApiProcess, open_ui: OpenUi
) -> None:
    create_job(running, "noop", name="Was there before")
    listed, form = open_ui(running), open_ui(running)
    listed.open("#/jobs")
    before = listed.page.get_by_role("link", name="Was there before")
    expect(before).to_be_visible()
    form.open("#/jobs/new/noop")
    form.field("Name").fill("Made once")
    running.end()  # kill -9 of all its processes
    with listed.expecting(None), form.expecting(None):
        for ui in (listed, form):
            ui.look_again()
            ui.says(GONE)
        listed.says(re.compile("This is from .*: The API does not answer."))
        expect(before).to_be_visible()
        form.button("Create job").click()
        form.says("Nothing you typed is lost; try again.")
        expect(form.field("Name")).to_have_value("Made once")
        returned = stack.start_api(port=running.port)
        for ui in (listed, form):
            ui.look_again()
            expect(ui.page.get_by_text(GONE)).to_have_count(0)
        expect(listed.page.get_by_text("This is from")).to_have_count(0)

        answered = []

        def lose_the_first_answer(route: Route) -> None:
            if answered or route.request.method != "POST":
                return route.fallback()
            answered.append(route.fetch())
            return route.abort()

        form.page.route(f"**{JOBS}", lose_the_first_answer)
        form.button("Create job").click()
        expect(form.heading("Made once")).to_be_visible()
    assert [answer.status for answer in answered] == [201]
    assert [job["name"] for job in items(returned, JOBS)].count("Made once") == 1
