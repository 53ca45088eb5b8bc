"""The sandbox is a Twilio: it signs, posts and understands as the real one does."""

from urllib.parse import parse_qsl

import pytest
from django.conf import settings

from consent.providers import accounts, sandbox, sandbox_twilio, twilio, twilio_messages
from tests import webhooks
from tests.cast import ANA
from tests.providers.conftest import Scripted

SENDER = "+551140028922"


def write(text: str) -> sandbox.Exchange:
    fields = sandbox_twilio.sms(sid=sandbox.new_sid(), from_=ANA.value, to=SENDER, text=text)
    return sandbox.call(settings.OPTIN_PUBLIC_URL + webhooks.MESSAGES, fields)


def test_what_is_written_on_a_phone_is_posted_to_the_webhook_and_signed(scripted: Scripted) -> None:
    scripted.answers(200, twilio.reply("Olá & até já").decode())

    exchange = write("SIM, é claro")

    (seen,) = scripted.seen
    fields = dict(parse_qsl(seen["body"], keep_blank_values=True))
    assert seen["path"] == webhooks.MESSAGES
    assert (fields["From"], fields["To"], fields["Body"]) == (ANA.value, SENDER, "SIM, é claro")
    assert seen["headers"]["X-Twilio-Signature"] == webhooks.signature(
        scripted.url + webhooks.MESSAGES, fields, accounts.sandbox().tokens[0]
    )
    assert exchange.is_delivered
    assert twilio_messages.replies(exchange.answer) == ["Olá & até já"]


def test_a_webhook_that_cannot_be_reached_is_told_not_raised(scripted: Scripted) -> None:
    scripted.hangs_up()

    exchange = write("SIM")

    assert not exchange.is_delivered
    assert (exchange.status, exchange.answer) == (0, "egress.connection")


@pytest.mark.parametrize(
    ("twiml", "texts"),
    [
        ("<Response/>", []),
        ("<Response><Message>um</Message><Message><Body>dois</Body></Message></Response>", ["um", "dois"]),
        ("", []),
        ("<html>", []),
    ],
)
def test_replies_are_read_from_the_answer(twiml: str, texts: list[str]) -> None:
    assert twilio_messages.replies(twiml) == texts


def test_a_status_tells_its_error_where_there_is_one() -> None:
    fine = sandbox_twilio.status(sid="SM1", from_=SENDER, to=ANA.value, status="delivered")
    failed = sandbox_twilio.status(sid="SM1", from_=SENDER, to=ANA.value, status="failed", error="30003")

    assert "ErrorCode" not in fine
    assert failed["ErrorCode"] == "30003"


def test_the_account_of_the_sandbox_holds_its_own_token_and_no_other() -> None:
    account = accounts.sandbox()

    assert account.holds(account.tokens[0])
    assert not account.holds("")
    assert not account.holds(account.tokens[0][:-1])
