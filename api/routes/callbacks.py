"""`/api/notifications/callbacks`: what providers report of messages. They prove themselves by a signature."""

from http import HTTPStatus
from typing import Any

from flask import Response, request

from api.auth import public
from api.context import clock, settings, store
from api.contract.declarations import obeys, refuses
from api.problems import Problem, ProblemCode, not_found
from api.requests import DocumentPath
from api.responses import no_content
from api.routes.blueprint import open_resource
from shared.models.provider_events import Report
from shared.queries.provider_events import new_event
from shared.twilio import CALLBACK_PATH, SIGNATURE_HEADER, callback_url, is_signed

blueprint = open_resource("callbacks", "Reports of providers; their signature is the credential")

_REPORTS = {
    "delivered": Report.DELIVERED,
    "read": Report.DELIVERED,
    "undelivered": Report.BOUNCED,
    "failed": Report.BOUNCED,
}
"""Other statuses of Twilio (queued, sending, sent) tell nothing new."""
LONGEST_SID = 100
FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {"type": "object"},
            "example": {"MessageSid": "SM5f0c2b7e", "MessageStatus": "delivered"},
        }
    },
}


@blueprint.post(f"{CALLBACK_PATH}/<id>", summary="What became of a message that Twilio has taken", request_body=FORM)
@public
@obeys
@refuses(HTTPStatus.FORBIDDEN)
def twilio(path: DocumentPath) -> Response:
    """Keeps the report for the daemon. 403 unless it is signed with the account's token."""
    given = settings()
    if given.public_url is None or given.twilio_auth_token is None:
        raise not_found("callback: PUBLIC_URL and TWILIO_AUTH_TOKEN are not set")
    signature = request.headers.get(SIGNATURE_HEADER, "")
    form = request.form.to_dict(flat=False)
    if not is_signed(
        given.twilio_auth_token.get_secret_value(), callback_url(given.public_url, path.id), form, signature
    ):
        raise Problem(HTTPStatus.FORBIDDEN, ProblemCode.FORBIDDEN, f"The {SIGNATURE_HEADER} does not fit.")
    report = _REPORTS.get(request.form.get("MessageStatus", ""))
    sid = request.form.get("MessageSid", "")[:LONGEST_SID]
    if report is not None and sid:
        code = request.form.get("ErrorCode", "")
        number = int(code[:9]) if code.isascii() and code.isdecimal() else None
        store().provider_events.insert_once(new_event("twilio", path.id, sid, report, number, clock().now()))
    return no_content()
