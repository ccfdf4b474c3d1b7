"""What is looked at: a scene for each address of routes.js."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

from tests.support.bookshop import notices, work
from tests.support.bookshop.shop import Shop
from tests.support.browser import Ui


class Scene(NamedTuple):
    """path: of routes.js. shows: seen once all is there. of(shop): the id in the path. act: leads to the picture.

    query: of the address. expects: how the API may refuse meanwhile. dialog: that is what is looked at.
    """

    name: str
    path: str
    shows: str | re.Pattern[str]
    of: Callable[[Shop], str] | None = None
    act: Callable[[Ui, Shop], None] | None = None
    query: str = ""
    expects: tuple[HTTPStatus, ...] = ()
    dialog: bool = False

    def address(self, shop: Shop | None) -> str:
        """`#/...`, with the id of what is shown."""
        path = (
            self.path
            if self.of is None or shop is None
            else re.sub(r":\w+", self.of(shop).replace(":", "%3A"), self.path)
        )
        return f"#{path}{self.query}"


def fill_new_job(ui: Ui, shop: Shop) -> None:
    """A job whose cron expression is explained."""
    ui.page.get_by_role("textbox", name=re.compile(r"^Name")).first.fill("Tell the warehouse")
    ui.page.get_by_label("Cron", exact=True).check()
    ui.page.get_by_role("textbox", name=re.compile(r"^Cron expression")).fill("0 9 * * MON#2")
    ui.says("At 09:00, on the 2nd Monday of the month")


def look_a_month_ahead(ui: Ui, shop: Shop) -> None:
    """To a month in which something is sent."""
    ui.button("Next month").click()
    ui.page.get_by_role("link", name=notices.WEEKLY).first.wait_for()


def _fill_template(ui: Ui, shop: Shop) -> None:
    ui.page.get_by_label("Name").first.fill("Gift card")
    ui.page.get_by_label("Subject").fill("A gift for you")
    ui.page.get_by_label("Text", exact=True).first.fill("Dear reader,\n\nsomebody thought of you.")
    ui.page.get_by_role("region", name="Preview").get_by_text("A gift for you").wait_for()


SCREENS: tuple[Scene, ...] = (
    Scene("overview", "/", re.compile("^Runs per hour$")),
    Scene("jobs", "/jobs", work.EXPORT),
    Scene("new-job", "/jobs/new", "Webhook Trigger"),
    Scene("job-form", "/jobs/new/:template", "Address", of=lambda _: "webhook_trigger", act=fill_new_job),
    Scene("job", "/jobs/:id", "timed out", of=lambda shop: shop.jobs[work.STOCK]),
    Scene("job-edit", "/jobs/:id/edit", "Policies", of=lambda shop: shop.jobs[work.STOCK]),
    Scene("runs", "/runs", work.SESSIONS),
    Scene("run", "/runs/:id", "checkout: passed", of=lambda shop: shop.runs["running"]),
    Scene("run-failed", "/runs/:id", re.compile("503 Service Unavailable"), of=lambda shop: shop.runs["failed"]),
    Scene("calendars", "/calendars", "Public holidays"),
    Scene("exports", "/exports", re.compile(r"orders-\d+")),
    Scene("templates", "/notifications/templates", notices.CONFIRMATION),
    Scene("new-template", "/notifications/templates/new", "New notification template", act=_fill_template),
    Scene("template", "/notifications/templates/:id", "Your order", of=lambda shop: shop.templates[notices.READY]),
    Scene("scheduled", "/notifications/scheduled", notices.WEEKLY),
    Scene(
        "scheduled-calendar", "/notifications/scheduled", "Next month", query="?view=calendar", act=look_a_month_ahead
    ),
    Scene(
        "scheduled-notification", "/notifications/scheduled/:id", "Coming sends",
        of=lambda shop: shop.scheduled[notices.WEEKLY],
    ),
    Scene(
        "scheduled-approval", "/notifications/scheduled/:id", "Approve", of=lambda shop: shop.scheduled[notices.SALE]
    ),
    Scene("queue", "/notifications/queue", "451 4.7.1 Greylisted"),
    Scene("message", "/notifications/queue/:id", "queued as", of=lambda shop: shop.messages["sent"]),
    Scene(
        "message-unknown", "/notifications/queue/:id", "What became of it?", of=lambda shop: shop.messages["unknown"]
    ),
    Scene("recipients", "/notifications/recipients", "Amelia Hart"),
    Scene("groups", "/notifications/groups", "Reading club"),
    Scene("suppressions", "/notifications/suppressions", "press@example.org"),
    Scene("daemons", "/admin/daemons", "leader"),
    Scene("maintenance", "/admin/maintenance", "Maintenance is off."),
    Scene("tokens", "/admin/tokens", "Point of sale"),
    Scene("audit", "/admin/audit", "api_tokens"),
    Scene("settings", "/admin/settings", "MONGODB_DATABASE"),
    Scene("me", "/me", "make and revoke tokens"),
)  # fmt: skip


EMPTY: tuple[Scene, ...] = (
    Scene("empty-overview", "/", "Nothing runs at the moment."),
    Scene("empty-jobs", "/jobs", "There are no jobs yet"),
    Scene("empty-new-job", "/jobs/new", "There are no templates yet"),
    Scene("empty-runs", "/runs", "Nothing has run yet"),
    Scene("empty-calendars", "/calendars", "No calendar yet"),
    Scene("empty-exports", "/exports", "Nothing was exported yet"),
    Scene("empty-templates", "/notifications/templates", "There are no templates"),
    Scene("empty-scheduled", "/notifications/scheduled", "Nothing is scheduled"),
    Scene("empty-queue", "/notifications/queue", "The queue is empty"),
    Scene("empty-recipients", "/notifications/recipients", "There are no recipients"),
    Scene("empty-groups", "/notifications/groups", re.compile("no group", re.IGNORECASE)),
    Scene("empty-suppressions", "/notifications/suppressions", "The list is empty"),
    Scene("empty-daemons", "/admin/daemons", "No daemon was ever seen"),
    Scene("empty-audit", "/admin/audit", "No change fits", query="?action=nothing"),
)
"""In a database in which nothing was ever done, and without a daemon."""

READS_NOTHING = {"new-template", "daemons", "me"}
"""Screens that read nothing, or nothing but the status, which is told of above each screen."""
