"""Signatures by Standard Webhooks (https://www.standardwebhooks.com), made by its published library."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from standardwebhooks import Webhook

PREFIX = "whsec_"
SHORTEST_KEY_BYTES, LONGEST_KEY_BYTES = 24, 64
MOST_KEYS = 5
_REMEDY = f"write {PREFIX} and {SHORTEST_KEY_BYTES} to {LONGEST_KEY_BYTES} random bytes in base64"


def _checked(secret: SecretStr) -> SecretStr:
    prefix, _, encoded = secret.get_secret_value().partition("_")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError(_REMEDY) from None
    if f"{prefix}_" != PREFIX or not SHORTEST_KEY_BYTES <= len(key) <= LONGEST_KEY_BYTES:
        raise ValueError(_REMEDY)
    return secret


SigningSecret = Annotated[SecretStr, Field(max_length=200), AfterValidator(_checked)]
"""A symmetric key, as the specification writes it."""


def signature_headers(secrets: Sequence[SecretStr], message_id: str, moment: datetime, text: str) -> dict[str, str]:
    """The three headers for a body that is sent as `text` in UTF-8. One signature for each secret: keys are rotated.

    message_id: the same on every retry of a message. Without a secret nothing is signed; the id is sent all the same.
    """
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(moment.timestamp()))}
    if secrets:
        signed = [Webhook(secret.get_secret_value()).sign(message_id, moment, text) for secret in secrets]
        headers["webhook-signature"] = " ".join(signed)
    return headers
