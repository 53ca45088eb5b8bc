"""May a message be sent: one query, every reason, and a no whatever breaks."""

import gc
import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import catalogue, decision, sendings
from consent.contact import Contact
from consent.decision import ANSWER_LIVES, WORDS, Reason
from consent.models import Company, ConsentRecord
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State
from tests.cast import ANA, BRUNO, may, says, stops

YEAR = timedelta(days=365)


def test_a_grant_allows_and_says_on_what_record_it_rests(aurora: Sample) -> None:
    recorded = says(aurora)
    answer = may(aurora)
    assert (answer.allow, answer.reason, answer.record) == (True, Reason.GIVEN, recorded.records[0])


@pytest.mark.parametrize("state", [State.REQUESTED, State.REFUSED, State.REVOKED, State.INVALIDATED])
def test_every_other_word_denies_with_its_reason(aurora: Sample, state: str) -> None:
    says(aurora, state=state, possession=Possession.NONE)
    answer = may(aurora)
    assert (answer.allow, answer.reason) == (False, Reason(state.value))


def test_a_stop_denies(aurora: Sample) -> None:
    says(aurora)
    stops(aurora)
    assert (may(aurora).allow, may(aurora).reason) == (False, Reason.WITHDRAWN)


def test_nothing_said_denies(aurora: Sample) -> None:
    says(aurora, BRUNO)
    answer = may(aurora)
    assert (answer.allow, answer.reason, answer.record) == (False, Reason.NO_RECORD, None)


def test_a_purpose_the_company_does_not_have_denies(aurora: Sample) -> None:
    says(aurora)
    assert may(aurora, purpose="sorteios").reason == Reason.UNKNOWN_PURPOSE


def test_a_grant_is_for_its_company_purpose_and_channel_alone(aurora: Sample) -> None:
    says(aurora)
    other = Company.objects.create(
        slug="b", name="B", legal_name="B", address="A", dpo_name="D", dpo_contact="d"
    )
    assert may(aurora, purpose="pedidos").reason == Reason.NO_RECORD
    assert may(aurora, channel=Channel.WHATSAPP).reason == Reason.NO_RECORD
    asked = decision.may_send(ANA, company=other.pk, channel="sms", purpose="novidades")
    assert asked.reason == Reason.UNKNOWN_PURPOSE


def test_a_grant_that_ran_out_denies_to_the_second(aurora: Sample) -> None:
    says(aurora)
    end = ConsentRecord.objects.get().event_time + timedelta(days=730)
    with time_machine.travel(end - timedelta(microseconds=1), tick=False):
        assert may(aurora).allow
    with time_machine.travel(end, tick=False):
        assert may(aurora).reason == Reason.EXPIRED


def test_an_unproved_grant_denies(aurora: Sample) -> None:
    says(aurora, possession=Possession.NONE)
    assert may(aurora).reason == Reason.REQUESTED


def test_the_person_is_found_under_another_spelling(aurora: Sample) -> None:
    says(aurora)
    assert may(aurora, Contact.reported("whatsapp:+551187654321")).allow


def test_an_answer_is_good_for_a_minute(aurora: Sample) -> None:
    says(aurora)
    for answer in (may(aurora), may(aurora, purpose="pedidos"), may(aurora, purpose="sorteios")):
        assert answer.valid_until == answer.at + ANSWER_LIVES


def test_an_answer_is_good_no_longer_than_its_grant(aurora: Sample) -> None:
    says(aurora)
    end = ConsentRecord.objects.get().event_time + timedelta(days=730)
    with time_machine.travel(end - timedelta(seconds=10), tick=False):
        assert may(aurora).valid_until == end


def test_a_decision_about_the_past_knows_what_was_known_then(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() - YEAR):
        says(aurora)
    stops(aurora)
    then = decision.may_send(
        ANA, company=aurora.company.pk, channel="sms", purpose="novidades", at=timezone.now() - YEAR / 2
    )
    assert then.allow
    assert not may(aurora).allow


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_somebody_who_stands_in_a_list_often_is_decided_about_once(aurora: Sample, channel: str) -> None:
    """Spelled in two ways, further apart than one statement asks about, with one offer of two a day."""
    says(aurora, channel=channel)
    Company.objects.filter(pk=aurora.company.pk).update(offers_per_day=2)
    catalogue.forget()
    about: Any = {"purpose": aurora.purposes["novidades"], "channel": channel, "now": timezone.now()}
    assert sendings.tell(ANA, sent_at=None, key="a", **about)
    old = Contact.reported("+551187654321")  # as WhatsApp writes it
    ten_thousand = [ANA, *[BRUNO] * 5_000, old, *[ANA] * 4_998]

    with CaptureQueriesContext(connection) as queries:
        decided = decision.may_send_to_each(
            ten_thousand, company=aurora.company.pk, channel=channel, purpose="novidades"
        )

    assert {one.reason for one in (decided[0], *decided[5_001:])} == {Reason.GIVEN}
    assert decided[0] is decided[-1]
    assert len([one for one in queries if "consent_loghead" in one["sql"]]) == 1


def test_a_yes_of_the_past_may_not_be_relied_on_now(aurora: Sample) -> None:
    """Ana stopped just now; what was true ten seconds ago must let nothing leave."""
    with time_machine.travel(timezone.now() - YEAR):
        says(aurora)
    stops(aurora)
    at = timezone.now() - timedelta(seconds=10)
    about: Any = {"company": aurora.company.pk, "channel": "sms", "purpose": "novidades", "at": at}

    for then in (decision.may_send(ANA, **about), *decision.may_send_to_each([ANA], **about)):
        assert (then.allow, then.at, then.valid_until) == (True, at, at)


def test_a_stop_recorded_by_a_clock_that_runs_ahead_counts_at_once(aurora: Sample) -> None:
    """Another machine's clock is ten minutes ahead; what it acknowledged is in force on this one too."""
    says(aurora)
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        stops(aurora)
    assert may(aurora).reason == Reason.WITHDRAWN


def test_a_yes_recorded_by_a_clock_that_runs_ahead_counts_at_once_too(aurora: Sample) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        says(aurora)
    assert may(aurora).reason == Reason.GIVEN


@pytest.mark.django_db(transaction=True)
def test_many_are_decided_outside_of_a_transaction_as_inside(aurora: Sample) -> None:
    recorded = says(aurora)
    about = {"company": aurora.company.pk, "channel": "sms", "purpose": "novidades"}
    for _ in range(2):
        answers = decision.may_send_to_each([BRUNO, ANA, None], **about)
        assert [one.reason for one in answers] == [Reason.NO_RECORD, Reason.GIVEN, Reason.MALFORMED]
        assert [one.record for one in answers] == [None, recorded.records[0], None]
        with transaction.atomic():
            assert decision.may_send_to_each([ANA], **about)[0].record == recorded.records[0]


@pytest.mark.parametrize("is_on", [True, False])
def test_garbage_is_collected_again_after_many_decisions(aurora: Sample, is_on: bool) -> None:
    about = {"company": aurora.company.pk, "channel": "sms", "purpose": "novidades"}
    if not is_on:
        gc.disable()
    try:
        decision.may_send_to_each([ANA, BRUNO], **about)
        assert gc.isenabled() is is_on
    finally:
        gc.enable()


def test_a_stop_is_in_force_before_it_is_in_the_log(aurora: Sample) -> None:
    says(aurora)
    stops(aurora)
    assert not may(aurora).allow


def test_a_decision_is_one_query(aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    may(aurora)  # now the company is in the catalogue
    for _ in range(3):
        says(aurora)
        stops(aurora)
    for purpose, channel in itertools.product(("novidades", "pedidos", "sorteios"), Channel):
        with CaptureQueriesContext(connection) as queries:
            may(aurora, purpose=purpose, channel=channel)
        assert len(queries) == 1


@pytest.mark.django_db(transaction=True)
def test_a_decision_outside_of_a_transaction_is_the_same(aurora: Sample) -> None:
    recorded = says(aurora)
    for _ in range(2):  # the second is asked past Django's cursor
        answer = may(aurora)
        assert (answer.allow, answer.reason, answer.record) == (True, Reason.GIVEN, recorded.records[0])
    stops(aurora)
    assert may(aurora).reason == Reason.WITHDRAWN
    assert may(aurora, purpose="pedidos").reason == Reason.WITHDRAWN
    assert may(aurora, BRUNO).reason == Reason.NO_RECORD
    assert may(aurora, purpose="sorteios").reason == Reason.UNKNOWN_PURPOSE
    assert may(aurora, channel="sms\0").reason != Reason.GIVEN


# --- whatever breaks is a no


@pytest.mark.parametrize("error", [DatabaseError("gone"), InterfaceError("closed"), RuntimeError("?")])
def test_a_database_that_fails_is_a_no(aurora: Sample, error: Exception, caplog: Any) -> None:
    says(aurora)

    def fail(*_: Any) -> Any:
        raise error

    with connection.execute_wrapper(fail):
        answer = may(aurora)
    assert (answer.allow, answer.reason, answer.record) == (False, Reason.UNAVAILABLE, None)
    assert answer.valid_until == answer.at  # ask again at once
    assert ANA.value[-8:] not in caplog.text


def test_a_row_nobody_understands_is_a_no(aurora: Sample) -> None:
    says(aurora)

    def mangle(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        return execute(sql.replace("r.uid", "'no id'", 1), params, many, context)

    with connection.execute_wrapper(mangle):
        assert may(aurora).reason == Reason.UNAVAILABLE


def test_a_contact_nobody_can_write_down_is_a_no(aurora: Sample) -> None:
    assert may(aurora, Contact("tel", "\udcff")).reason == Reason.UNAVAILABLE


def test_the_reasons_are_a_closed_list_and_each_has_its_words_and_its_line_in_the_docs() -> None:
    assert set(State.values) <= set(Reason) == set(WORDS)
    documented = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert [reason for reason in Reason if f"| `{reason}` " not in documented] == []


def test_a_grant_that_never_ends_allows_for_a_minute(aurora: Sample) -> None:
    aurora.purposes["novidades"].validity_days = 0
    says(aurora)

    answer = may(aurora)

    assert answer.allow
    assert answer.valid_until - answer.at == timedelta(seconds=60)
