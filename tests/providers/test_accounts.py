"""Whose word counts is read from the senders, and is not forgotten when the database is down."""

from typing import Any

import pytest
from django.db import OperationalError, connection

from consent.providers import accounts
from consent.sample import Sample
from tests import webhooks
from tests.webhooks import TWILIO_SID


def refuse(*_args: Any, **_kwargs: Any) -> None:
    raise OperationalError("the database is gone")


def test_each_sender_of_an_account_has_its_own_tokens_and_a_number_nobody_knows_has_all(
    aurora: Sample,
) -> None:
    webhooks.real_sender(aurora, "b", "a", address="+551140028991")
    other = webhooks.real_sender(aurora, "c", address="+551140028992")

    assert accounts.tokens(TWILIO_SID, number="+551140028991") == ("b", "a")
    assert accounts.tokens(TWILIO_SID, number="+551140028992") == ("c",)
    assert accounts.tokens(TWILIO_SID, number="+551140028990") == ("b", "a", "c")
    other.channel = "whatsapp"
    other.save()
    accounts.forget()
    assert accounts.tokens(TWILIO_SID, number="whatsapp:+551140028992") == ("c",)


def test_a_number_that_calls_and_writes_has_the_tokens_of_each_channel(aurora: Sample) -> None:
    webhooks.real_sender(aurora, "a", address="+551140028991")
    voice = webhooks.real_sender(aurora, "b", address="+551140028992")
    voice.channel, voice.address = "voice", "+551140028991"
    voice.save()

    assert accounts.tokens(TWILIO_SID, number="+551140028991") == ("a",)
    assert accounts.tokens(TWILIO_SID, number="+551140028991", is_call=True) == ("b",)


def test_tokens_are_read_once_a_second_and_no_query_is_spent_on_what_is_no_account(
    aurora: Sample, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    webhooks.real_sender(aurora)

    with django_assert_num_queries(1):
        for sid in (TWILIO_SID, TWILIO_SID, "AC" + "f" * 32, "nonsense", accounts.sandbox().sid):
            accounts.tokens(sid)


def test_what_was_last_read_counts_while_the_database_is_down(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 0
    webhooks.real_sender(aurora)
    with connection.execute_wrapper(refuse), pytest.raises(OperationalError):
        accounts.tokens(TWILIO_SID)
    assert accounts.tokens(TWILIO_SID) == (webhooks.TOKEN,)

    with connection.execute_wrapper(refuse):
        assert accounts.tokens(TWILIO_SID) == (webhooks.TOKEN,)


def test_a_token_that_does_not_open_is_reported_and_believed_no_more(
    aurora: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    sender = webhooks.real_sender(aurora)
    sender.secret = bytes(sender.secret)[:-1] + b"\x00"
    sender.save()

    assert accounts.tokens(TWILIO_SID) == ()
    assert "enter it again" in caplog.text


def test_a_token_sealed_for_one_account_does_not_open_for_another(aurora: Sample) -> None:
    sender = webhooks.real_sender(aurora)
    sender.account = "AC" + "2" * 32
    sender.save()

    assert accounts.tokens(sender.account) == ()
