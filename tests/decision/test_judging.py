"""What else speaks for a message, or against it, beside what the person said."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from consent import catalogue, decision, vault
from consent.contact import Contact
from consent.decision import ANSWER_LIVES, Decision, Reason
from consent.decision.judging import Judge
from consent.decision.known import look
from consent.log import tree
from consent.models import Company, ContactTrouble, Hold, InboundMessage, Sender
from consent.sample import Sample
from consent.sendings import WEEK
from consent.vocabulary import Possession, State
from tests.cast import ANA, BRUNO, says, stops

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

Ask = Callable[..., Decision]


@pytest.fixture(params=["alone", "among many"])
def ask(request: Any, aurora: Sample) -> Ask:
    """Whether Café Aurora may write to Ana on WhatsApp; asked about her alone, and about her among others."""

    def asked(contact: Contact = ANA, **topic: Any) -> Decision:
        about = {"company": aurora.company.pk, "channel": "whatsapp"} | topic
        if "category" not in topic:
            about.setdefault("purpose", "novidades")
        if request.param == "alone":
            return decision.may_send(contact, **about)
        return decision.may_send_to_each([BRUNO, contact, BRUNO], **about)[1]

    return asked


@pytest.fixture
def sender(aurora: Sample) -> Sender:
    """The number that Café Aurora has on WhatsApp."""
    Sender.objects.filter(company=aurora.company, channel="whatsapp").exclude(pk=_first(aurora)).delete()
    return Sender.objects.get(pk=_first(aurora))


def _first(aurora: Sample) -> int:
    return Sender.objects.filter(company=aurora.company, channel="whatsapp").order_by("pk")[0].pk


def wrote(sender: Sender, ago: timedelta, contact: Contact = ANA) -> datetime:
    """Somebody wrote to a number of ours some time ago."""
    at = timezone.now() - ago
    InboundMessage.objects.create(
        id=vault.new_id(), event=vault.new_id().bytes * 2, provider="meta", sender=sender, sealed=b"",
        digest=b"", number_key=vault.number_key(contact), received_at=at,
    )  # fmt: skip
    return at


# --- the service window


def test_who_wrote_today_may_be_answered_without_any_consent_and_sent_nothing_else(
    ask: Ask, sender: Sender
) -> None:
    at = wrote(sender, timedelta(hours=1))
    reply, own = ask(is_reply=True), ask()
    assert (reply.allow, reply.reason, reply.record) == (True, Reason.IN_WINDOW, None)
    assert (own.allow, own.reason) == (False, Reason.NO_RECORD)
    assert reply.window_until == own.window_until == at + DAY


def test_a_window_is_of_one_contact_one_channel_and_one_sender(
    ask: Ask, aurora: Sample, sender: Sender
) -> None:
    wrote(sender, timedelta(hours=1))
    assert ask(is_reply=True, sender=sender.address).reason == Reason.IN_WINDOW
    assert ask(is_reply=True, sender="+5511000000000").reason == Reason.NO_RECORD
    assert ask(Contact.tel("+5511912345678"), is_reply=True).reason == Reason.NO_RECORD
    assert ask(is_reply=True, channel="sms").reason == Reason.NO_RECORD
    wrote(aurora.sender, timedelta(hours=1))
    assert (ask(is_reply=True, channel="sms").allow, ask(channel="sms").window_until) == (False, None)


def test_a_window_closes_after_a_day_and_no_answer_outlives_it(ask: Ask, sender: Sender) -> None:
    at = wrote(sender, DAY - timedelta(seconds=30))
    answer = ask(is_reply=True)
    assert (answer.allow, answer.valid_until) == (True, at + DAY)
    InboundMessage.objects.update(received_at=timezone.now() - DAY)
    assert (ask(is_reply=True).allow, ask(is_reply=True).window_until) == (False, None)


def test_a_consent_counts_in_the_window_as_well(ask: Ask, aurora: Sample, sender: Sender) -> None:
    recorded = says(aurora, channel="whatsapp")
    at = wrote(sender, DAY - timedelta(seconds=30))
    for answer in (ask(), ask(is_reply=True)):
        assert (answer.reason, answer.record) == (Reason.GIVEN, recorded.records[0])
        assert (answer.window_until, answer.valid_until) == (at + DAY, at + DAY)


def test_after_a_stop_there_is_nothing_to_answer_until_they_write_again(
    ask: Ask, aurora: Sample, sender: Sender
) -> None:
    says(aurora, channel="whatsapp")
    wrote(sender, MINUTE)
    stops(aurora, channel="whatsapp")
    assert ask(is_reply=True, purpose="pedidos").reason == Reason.WITHDRAWN
    wrote(sender, -MINUTE)
    assert ask(is_reply=True, purpose="pedidos").reason == Reason.IN_WINDOW
    assert ask(is_reply=True).reason == Reason.WITHDRAWN  # offers answer nobody who said no
    says(aurora, channel="whatsapp", state=State.REQUESTED, possession=Possession.NONE)
    assert ask(is_reply=True).reason != Reason.IN_WINDOW


def test_the_window_is_known_as_of_a_moment_of_the_past(ask: Ask, sender: Sender) -> None:
    at = wrote(sender, 3 * DAY)
    assert ask(is_reply=True, at=at + DAY - MINUTE).reason == Reason.IN_WINDOW
    assert ask(is_reply=True, at=at - MINUTE).reason == Reason.NO_RECORD
    assert ask(is_reply=True, at=at + DAY).reason == Reason.NO_RECORD


# --- holds, and the person's own stop at the platform


def hold(aurora: Sample, sender: Sender, recorded: Any, kind: str) -> None:
    Hold.objects.create(
        id=vault.new_id(), company=aurora.company, sender=sender, subject=recorded.subject,
        channel="whatsapp", kind=kind, said_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["unsure", "blocked"])
def test_a_hold_keeps_offers_back_whatever_they_agreed_to_and_in_the_window_too(
    ask: Ask, aurora: Sample, sender: Sender, kind: str
) -> None:
    recorded = says(aurora, channel="whatsapp")
    says(aurora, channel="whatsapp", purpose=aurora.purposes["pedidos"])
    wrote(sender, MINUTE)
    hold(aurora, sender, recorded, kind)
    says(aurora, channel="whatsapp")  # no yes to us lifts what is held elsewhere
    expected = {"unsure": Reason.HELD, "blocked": Reason.BLOCKED}[kind]
    assert [ask().reason, ask(is_reply=True).reason] == [expected] * 2
    assert ask(purpose="pedidos").reason == Reason.GIVEN
    assert ask(category="marketing").reason == expected


def test_an_answer_to_somebody_who_never_agreed_to_offers_is_no_offer_while_they_are_held(
    ask: Ask, aurora: Sample, sender: Sender
) -> None:
    recorded = says(aurora, channel="whatsapp", purpose=aurora.purposes["pedidos"])
    wrote(sender, MINUTE)
    hold(aurora, sender, recorded, "unsure")
    assert ask(is_reply=True).reason == Reason.HELD


# --- contacts that cannot be reached


def trouble(aurora: Sample, recorded: Any, kind: str, contact: Contact = ANA, **more: Any) -> None:
    now = timezone.now()
    values = {"cause": "131026", "since": now - MINUTE, "seen_at": now - MINUTE} | more
    ContactTrouble.objects.create(
        company=aurora.company, subject=recorded.subject, number_key=vault.number_key(contact),
        channel="whatsapp", kind=kind, **values,
    )  # fmt: skip


def test_who_cannot_be_reached_gets_nothing_and_who_is_limited_no_offers(ask: Ask, aurora: Sample) -> None:
    recorded = says(aurora, channel="whatsapp")
    says(aurora, channel="whatsapp", purpose=aurora.purposes["pedidos"])
    trouble(aurora, recorded, "limited")
    assert [ask().reason, ask(purpose="pedidos").reason] == [Reason.LIMITED, Reason.GIVEN]
    trouble(aurora, recorded, "unreachable")
    assert [ask().reason, ask(purpose="pedidos").reason] == [Reason.UNREACHABLE] * 2
    assert ask(at=timezone.now() - 2 * MINUTE).reason == Reason.NO_RECORD


def test_a_trouble_is_of_one_number_and_ends_with_its_term_or_when_they_write(
    ask: Ask, aurora: Sample, sender: Sender
) -> None:
    recorded = says(aurora, channel="whatsapp")
    trouble(aurora, recorded, "unreachable", BRUNO)  # theirs as well, and not the number that is asked about
    assert ask().reason == Reason.GIVEN
    trouble(aurora, recorded, "limited", until=timezone.now() + DAY)
    assert ask().reason == Reason.LIMITED
    ContactTrouble.objects.update(until=timezone.now() - MINUTE)
    assert ask().reason == Reason.GIVEN
    ContactTrouble.objects.update(until=None)
    wrote(sender, timedelta(0))
    assert ask().reason == Reason.GIVEN


# --- our own side


@pytest.mark.parametrize(
    ("restriction", "offers", "service", "answer"),
    [
        ("quality", "sender_quality", "given", "given"),
        ("answers", "sender_restricted", "sender_restricted", "in_window"),
        ("blocked", "sender_blocked", "sender_blocked", "sender_blocked"),
        ("", "given", "given", "given"),
    ],
)
def test_a_restricted_sender_sends_what_it_may(
    ask: Ask, aurora: Sample, sender: Sender, restriction: str, offers: str, service: str, answer: str
) -> None:
    for purpose in ("novidades", "pedidos"):
        says(aurora, channel="whatsapp", purpose=aurora.purposes[purpose])
    wrote(sender, MINUTE)
    Sender.objects.filter(pk=sender.pk).update(restriction=restriction)
    asked = [ask(), ask(purpose="pedidos"), ask(purpose="pedidos", is_reply=True)]
    assert [one.reason for one in asked] == [offers, service, answer]


def test_a_restriction_has_a_beginning_and_an_end(ask: Ask, aurora: Sample, sender: Sender) -> None:
    says(aurora, channel="whatsapp")
    now = timezone.now()
    restricted = Sender.objects.filter(pk=sender.pk)
    restricted.update(restriction="blocked", restricted_since=now + MINUTE)
    assert ask().allow
    restricted.update(restricted_since=now - MINUTE, restricted_until=now + MINUTE)
    assert not ask().allow
    restricted.update(restricted_until=now - timedelta(seconds=1))
    assert ask().allow


def test_no_yes_outlasts_the_moment_from_which_its_sender_is_restricted(
    ask: Ask, aurora: Sample, sender: Sender
) -> None:
    says(aurora, channel="whatsapp")
    begins = timezone.now() + timedelta(seconds=20)
    Sender.objects.filter(pk=sender.pk).update(restriction="quality", restricted_since=begins)
    catalogue.forget()

    answer = ask()
    assert (answer.allow, answer.valid_until) == (True, begins)

    Sender.objects.filter(pk=sender.pk).update(restriction="")
    catalogue.forget()
    assert ask().valid_until > begins


def test_where_no_sender_is_named_any_that_may_send_will_do(ask: Ask, aurora: Sample, sender: Sender) -> None:
    says(aurora, channel="whatsapp")
    Sender.objects.filter(pk=sender.pk).update(is_paused=True)
    other = Sender.objects.create(company=aurora.company, channel="whatsapp", address="+5511999990000")
    assert ask().allow
    assert ask(sender=sender.address).reason == Reason.PAUSED
    assert ask(sender=other.address).allow
    Sender.objects.filter(pk=other.pk).update(restriction="blocked")
    assert ask().reason == Reason.PAUSED


def test_a_sender_the_company_does_not_have_sends_nothing(ask: Ask, aurora: Sample, sender: Sender) -> None:
    says(aurora, channel="whatsapp")
    other = Company.objects.create(slug="brisa", name="Brisa", legal_name="Brisa S.A.")
    Sender.objects.create(company=other, channel="whatsapp", address="+5511999990000")
    for address in ("+5511999990000", aurora.sender.address + "0"):
        assert ask(sender=address).reason == Reason.UNKNOWN_SENDER
    Sender.objects.filter(pk=sender.pk).update(company=other)
    assert ask().allow  # it may write by another gateway, of which we know nothing


def test_a_company_that_stopped_sending_sends_nothing_and_what_was_is_not_rewritten(
    ask: Ask, aurora: Sample, sender: Sender
) -> None:
    says(aurora, channel="whatsapp")
    before = timezone.now()
    wrote(sender, MINUTE)
    Company.objects.filter(pk=aurora.company.pk).update(is_paused=True)
    assert [ask().reason, ask(is_reply=True).reason] == [Reason.PAUSED] * 2
    assert ask(at=before).allow


def test_a_yes_recorded_by_a_clock_that_runs_ahead_does_not_go_past_a_company_that_stopped_sending(
    ask: Ask, aurora: Sample
) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        says(aurora, channel="whatsapp")
    assert ask().allow
    Company.objects.filter(pk=aurora.company.pk).update(is_paused=True)
    assert ask().reason == Reason.PAUSED


def test_a_company_that_does_not_exist_has_no_purpose(ask: Ask) -> None:
    assert ask(company=0).reason == Reason.UNKNOWN_PURPOSE


def test_what_the_person_said_is_the_reason_before_anything_else(ask: Ask, aurora: Sample) -> None:
    recorded = says(aurora, channel="whatsapp")
    trouble(aurora, recorded, "unreachable")
    Company.objects.filter(pk=aurora.company.pk).update(is_paused=True)
    stops(aurora, channel="whatsapp")
    answer = ask()
    assert (answer.reason, answer.valid_until) == (Reason.WITHDRAWN, answer.at + ANSWER_LIVES)


def test_an_answer_says_how_long_the_log_was_and_whether_they_are_a_stranger(
    ask: Ask, aurora: Sample
) -> None:
    says(aurora)
    tree.sequence()
    known, stranger = ask(), ask(Contact.tel("+5511912345678"))
    assert known.log_size == stranger.log_size is not None
    assert known.log_size >= 1
    assert (known.is_stranger, stranger.is_stranger) == (False, True)


def test_an_offer_that_is_a_week_old_when_it_is_judged_counts_no_more(aurora: Sample) -> None:
    """Who asks together is looked up as of the first of them, a little before the others."""
    says(aurora, channel="whatsapp")
    Company.objects.filter(pk=aurora.company.pk).update(
        offers_per_day=0, offers_per_week=1, quiet_from=None, quiet_until=None
    )
    rules = catalogue.rules(aurora.company.pk)
    now = timezone.now()
    about = decision.About(aurora.company.pk, "whatsapp", "novidades")
    known = look(about, vault.lookup(aurora.company.pk, ANA), vault.number_key(ANA), now=now)
    for age, reason in ((WEEK - MINUTE, Reason.CAPPED), (WEEK + MINUTE, Reason.GIVEN)):
        known.sent = (now - age,)
        assert Judge(about, rules, now).decide(known, ANA).reason == reason
