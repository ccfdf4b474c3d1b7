"""`/unsubscribe/<token>`: the link in an e-mail. Its token is its only credential (RFC 8058).

GET asks, for mail scanners follow links; POST obeys, as mail programs send it for one click.
"""

from html import escape

from flask import Response, g
from pydantic import BaseModel, Field

from api.auth import public
from api.context import settings, store
from api.contract.declarations import serves
from api.problems import not_found
from api.routes.blueprint import open_resource
from api.store import Actor
from shared.models.notification_models import Channel
from shared.models.suppressions import SuppressionReason
from shared.queries.suppressions import Subject
from shared.unsubscribe import LONGEST_TOKEN, PATH, UnsubscribeLinks

blueprint = open_resource("unsubscribe", "Links in messages; their token is the credential")

BY_LINK = "unsubscribe link"
_KINDS = {Channel.EMAIL: "e-mails", Channel.SMS: "short messages"}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""
_FORM = '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'


class TokenPath(BaseModel):
    """The signed part of the link."""

    token: str = Field(max_length=LONGEST_TOKEN)


@blueprint.get(f"{PATH}/<token>", summary="Asks whether to unsubscribe; a web page")
@public
@serves("text/html")
def ask(path: TokenPath) -> Response:
    """A page with one button. Changes nothing."""
    subject = _subject(path.token)
    return _page("Unsubscribe", f"{escape(subject.address)} shall get no more {_what(subject)}?", _FORM)


@blueprint.post(f"{PATH}/<token>", summary="Unsubscribes at once (RFC 8058)")
@public
@serves("text/html")
def obey(path: TokenPath) -> Response:
    """Puts the address on the suppression list; may be repeated."""
    subject = _subject(path.token)
    store().suppressions.add(subject, SuppressionReason.UNSUBSCRIBED, "", Actor(BY_LINK, g.request_id))
    return _page("Unsubscribed", f"{escape(subject.address)} gets no more {_what(subject)}.", "")


def _subject(token: str) -> Subject:
    links = UnsubscribeLinks.from_settings(settings())
    subject = None if links is None else links.subject(token)
    if subject is None:
        raise not_found("link to unsubscribe")
    return subject


def _what(subject: Subject) -> str:
    category = f" of the category {escape(subject.category)}" if subject.category else " of ours"
    return f"{_KINDS[subject.channel]}{category}"


def _page(title: str, text: str, form: str) -> Response:
    response = Response(_PAGE.format(title=title, text=text, form=form), mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response
