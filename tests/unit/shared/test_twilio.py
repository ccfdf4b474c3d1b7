"""The signature of Twilio's reports."""

from shared.twilio import callback_url, is_signed, signature

# The example of https://www.twilio.com/docs/usage/webhooks/webhooks-security
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = {
    "CallSid": ["CA1234567890ABCDE"],
    "Caller": ["+14158675309"],
    "Digits": ["1234"],
    "From": ["+14158675309"],
    "To": ["+18005551212"],
}
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_published_example() -> None:
    assert signature("12345", URL, FORM) == SIGNATURE
    assert is_signed("12345", URL, FORM, SIGNATURE)


def test_another_token_address_or_form_does_not_fit() -> None:
    assert not is_signed("12346", URL, FORM, SIGNATURE)
    assert not is_signed("12345", URL + "&baz=3", FORM, SIGNATURE)
    assert not is_signed("12345", URL, {**FORM, "Digits": ["9999"]}, SIGNATURE)
    assert not is_signed("12345", URL, FORM, "")
    assert not is_signed("12345", URL, FORM, "é")


def test_the_address_of_a_report_names_the_message() -> None:
    url = callback_url("https://notify.example.com", "a/b c")
    assert url == "https://notify.example.com/api/notifications/callbacks/twilio/a%2Fb%20c"
