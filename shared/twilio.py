"""What both programs must agree on about Twilio: where it reports to, and how such a report is signed. Pure.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import quote

CALLBACK_PATH = "/api/notifications/callbacks/twilio"
SIGNATURE_HEADER = "X-Twilio-Signature"


def callback_url(public_url: str, item_id: str) -> str:
    """The address to which Twilio reports what became of a message. Its item is named in it: a report may come
    although the answer to the request never came.
    """
    return f"{public_url}{CALLBACK_PATH}/{quote(item_id, safe='')}"


def signature(auth_token: str, url: str, form: Mapping[str, Sequence[str]]) -> str:
    """HMAC-SHA1 over the address and the form, its names in order, each of a name's distinct values in order."""
    signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def is_signed(auth_token: str, url: str, form: Mapping[str, Sequence[str]], given: str) -> bool:
    """Whether Twilio sent this: nobody else has the token."""
    return hmac.compare_digest(signature(auth_token, url, form).encode(), given.encode("utf-8", "replace"))
