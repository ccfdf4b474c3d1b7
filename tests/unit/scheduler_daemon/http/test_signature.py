"""Signatures of webhooks."""

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from scheduler_daemon.http.signature import SigningSecret, signature_headers

SECRET = TypeAdapter(SigningSecret)
PUBLISHED = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = SecretStr("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")


def test_the_published_vector_of_standard_webhooks() -> None:
    moment = datetime.fromtimestamp(1614265330, UTC)
    assert signature_headers([PUBLISHED], "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("known", [PUBLISHED, OTHER])
def test_while_a_key_is_rotated_either_verifies(known: SecretStr) -> None:
    text = '{"word": "żółw"}'
    headers = signature_headers([OTHER, PUBLISHED], "run-1", datetime.now(UTC), text)
    assert Webhook(known.get_secret_value()).verify(text.encode(), headers) == {"word": "żółw"}


def test_another_body_does_not_verify() -> None:
    headers = signature_headers([PUBLISHED], "run-1", datetime.now(UTC), "{}")
    with pytest.raises(WebhookVerificationError):
        Webhook(PUBLISHED.get_secret_value()).verify(b"{} ", headers)


def test_without_a_secret_the_id_is_sent_and_nothing_is_signed() -> None:
    assert set(signature_headers([], "run-1", datetime.now(UTC), "")) == {"webhook-id", "webhook-timestamp"}


@pytest.mark.parametrize(
    "text", ["", "whsec_", "secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_%"]
)
def test_a_weak_or_misspelt_secret_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValidationError, match="24 to 64 random bytes"):
        SECRET.validate_python(text)
