"""Webhooks: signed, thin, in order, at least once; whatever a receiver does, and never inside our own network."""

import json
import re
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from consent import erasure
from consent.log import tree
from consent.models import Attempt, Subscription
from consent.providers import outside
from consent.quality import keeping
from consent.quality.reading import Kind, Reading, Source
from consent.relay import changes, doors, giving_up, webhooks, working
from consent.relay.doors import Door, Trouble
from consent.sample import Sample
from tests import cast, meta, ports
from tests.relay import receivers
from tests.relay.receivers import Receiver, due_now, listening, status, subscribed, told
from tests.staff import other_sample, user


@pytest.fixture(autouse=True)
def _this_machine_may_be_asked(settings: Any) -> None:
    settings.OPTIN_INSIDE_HOSTS = ["127.0.0.1"]


def sequenced() -> None:
    while tree.sequence():
        pass


def told_of_one(aurora: Sample, answer: Any) -> tuple[Subscription, int]:
    """A subscriber whose receiver answers one change in this way, and how often it was asked."""
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        receiver.answer = answer
        return told(subscribed(aurora, receiver.url)), len(receiver.got)


def events(receiver: Receiver) -> list[dict[str, Any]]:
    return [event for _headers, body in receiver.got for event in json.loads(body)["data"]]


def test_changes_arrive_signed_thin_and_in_order(aurora: Sample) -> None:
    other = other_sample()
    said = [cast.says(aurora), cast.stops(aurora), cast.says(aurora, cast.BRUNO)]
    cast.says(other, notice=other.version, point=other.point)
    erasure.erase(said[2].subject, company=aurora.company, entity="staff:1")
    sequenced()
    with listening() as receiver:
        subscription = told(subscribed(aurora, receiver.url))

    assert [event["type"] for event in events(receiver)] == [
        "consent.given", "consent.withdrawn", "consent.given", "person.erased",
    ]  # fmt: skip
    assert [event["id"] for event in events(receiver)[:3]] == [str(one.records[0]) for one in said]
    [(headers, body)] = receiver.got
    secret = doors.open_(subscription).secret
    assert Webhook(secret).verify(body.decode(), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.decode().replace("given", "giwen"), headers)
    assert not re.search(rb"\+?55119876|98765", body), "no number leaves"
    assert subscription.position == changes.size()
    assert Attempt.objects.get().events == 4


def test_a_change_of_quality_is_told_once_and_to_webhooks_alone(aurora: Sample) -> None:
    number = meta.sender(aurora)
    user("bruno", "Staff", company=aurora.company)
    now = timezone.now()
    for value, times in (("green", 1), ("yellow", 3)):
        for _ in range(times):
            one = Reading(kind=Kind.RATING, value=value, said_at=now, number=number.pk)
            keeping.keep(number, [one], source=Source.WEBHOOK, read_at=now)
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        subscription = told(subscribed(aurora, receiver.url))
        told(subscribed(aurora, receiver.url, events=["given"]))
    quality, given, again = events(receiver)
    assert (quality["type"], given["type"], again["type"]) == (
        "quality.changed",
        "consent.given",
        "consent.given",
    )
    assert {name: quality[name] for name in ("sender", "channel", "facet", "was", "now")} == {
        "sender": str(number.pk), "channel": "whatsapp", "facet": "rating", "was": "green", "now": "yellow",
    }  # fmt: skip
    assert number.address[1:] not in json.dumps(quality), "no number leaves"
    subscription.kind, subscription.position = Subscription.Kind.RAPIDPRO, 0
    assert [one.kind for one in changes.after(subscription).changes] == ["given"]


def test_only_what_was_asked_for_is_told(aurora: Sample) -> None:
    cast.says(aurora)
    cast.stops(aurora)
    sequenced()
    with listening() as receiver:
        subscription = told(subscribed(aurora, receiver.url, events=["withdrawn"]))
    assert [event["type"] for event in events(receiver)] == ["consent.withdrawn"]
    assert subscription.position == changes.size()


def test_a_receiver_that_is_down_gets_everything_once_it_is_up_in_order(aurora: Sample) -> None:
    with listening() as receiver:
        receiver.answer = status(503)
        subscription = subscribed(aurora, receiver.url)
        first = cast.says(aurora)
        sequenced()
        told(subscription)
        second = cast.stops(aurora)
        sequenced()
        assert (subscription.trouble, subscription.failures) == ("answer.refused", 1)
        assert subscription.due_at > timezone.now()
        receiver.answer = status(204)
        receiver.got.clear()
        due_now(subscription)
        told(subscription)

    assert [event["id"] for event in events(receiver)] == [str(first.records[0]), str(second.records[0])]
    assert (subscription.trouble, subscription.failures, subscription.failing_since) == ("", 0, None)


def test_more_than_a_portion_goes_in_several(aurora: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(changes.AT_ONCE, Subscription.Kind.WEBHOOK, 2)
    for number in range(5):
        cast.says(aurora, cast.stranger(number))
    sequenced()
    with listening() as receiver:
        told(subscribed(aurora, receiver.url))
    assert [len(json.loads(body)["data"]) for _headers, body in receiver.got] == [2, 2, 1]
    indexes = [event["log_index"] for event in events(receiver)]
    assert indexes == sorted(indexes)


@pytest.mark.parametrize(
    ("answer", "trouble", "state"),
    [
        (status(301, Location="http://127.0.0.1:1/"), "answer.refused", "on"),
        (status(307, Location="http://169.254.169.254/"), "answer.refused", "on"),
        (status(410), "answer.gone", "failed"),
        (status(508), "answer.loop", "failed"),
        (status(500), "answer.refused", "on"),
        (status(503), "answer.refused", "on"),
        (receivers.drips, "egress.timeout", "on"),
        (receivers.never_ends_its_headers, "egress.connection", "on"),
        (receivers.only_hints, "answer.refused", "on"),
    ],
)
def test_what_hostile_receivers_do_ends_and_is_written_down(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch, answer: Any, trouble: str, state: str
) -> None:
    monkeypatch.setattr(outside, "WHOLE_SECONDS", 0.5)
    subscription, times = told_of_one(aurora, answer)
    assert (subscription.trouble, subscription.state, times) == (trouble, state, 1)
    assert Attempt.objects.get().trouble == trouble
    assert subscription.position == 0


@pytest.mark.parametrize("answer", [receivers.pours, receivers.drips_its_body])
def test_an_answer_without_an_end_is_cut_off_and_its_status_counts(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(outside, "WHOLE_SECONDS", 0.5)
    subscription, times = told_of_one(aurora, answer)
    assert (subscription.trouble, subscription.position, times) == ("", changes.size(), 1)
    assert Attempt.objects.get().status == 200


def test_a_redirect_is_not_followed_wherever_it_leads(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with listening() as receiver, listening() as elsewhere:
        for code in (301, 302, 303, 307, 308):
            receiver.answer = status(code, Location=elsewhere.url)
            assert told(subscribed(aurora, receiver.url)).trouble == "answer.refused"
    assert not elsewhere.asked


def test_a_receiver_may_ask_for_time(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        for said, seconds in (
            ("120", 120),
            ("86400000", 86_400),
            ("Fri, 01 Jan 2100 00:00:00 GMT", 86_400),
            ("soon", 5),
        ):
            receiver.answer = status(429, Retry_After=said)
            subscription = subscribed(aurora, receiver.url)
            before = timezone.now()
            told(subscription)
            assert abs((subscription.due_at - before).total_seconds() - seconds) < 60


def test_after_three_days_it_is_left_and_can_be_told_again(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        receiver.answer = status(500)
        subscription = told(subscribed(aurora, receiver.url))
        with time_machine.travel(timezone.now() + timedelta(days=2, hours=23), tick=True):
            told(subscription)
            assert subscription.state == "on"
            assert subscription.due_at <= timezone.now() + timedelta(hours=1)
        with time_machine.travel(timezone.now() + timedelta(days=3, hours=1), tick=True):
            told(subscription)
        assert subscription.state == "failed"
        receiver.answer = status(200)
        Subscription.objects.update(state="on", failing_since=None, due_at=timezone.now())
        assert told(subscription).position == changes.size()


def test_both_secrets_sign_for_a_day(aurora: Sample) -> None:
    with listening() as receiver:
        subscription = subscribed(aurora, receiver.url)
        old = doors.open_(subscription)
        now = timezone.now()
        door = Door(old.url, "whsec_" + "A" * 43 + "=", old.secret, (now + timedelta(hours=24)).isoformat())
        doors.close(subscription, door)
        assert webhooks.try_out(subscription, at=now) == 204
        webhooks.try_out(subscription, at=now + timedelta(hours=25))
    (headers, body), (later, _) = receiver.got
    assert len(later["webhook-signature"].split()) == 1
    for secret in (door.secret, old.secret):
        assert Webhook(secret).verify(body.decode(), headers)


def test_a_receiver_that_hangs_keeps_nobody_waiting(
    transactional_db: None, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("WHOLE_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(outside, limit, 600.0)
    cast.says(aurora)
    sequenced()
    release = threading.Event()
    with listening() as stuck, listening() as good:
        stuck.answer = lambda request: (release.wait(), status(204)(request))[1]
        first, second = subscribed(aurora, stuck.url), subscribed(aurora, good.url)
        try:
            assert working.drain() == 2
            assert working.drain() == 0, "each is told by one thread"
            working._running[second.pk].join()
            second.refresh_from_db()
            assert second.position == changes.size()
            assert working._running[first.pk].is_alive()
        finally:
            release.set()
            working.wait()
    first.refresh_from_db()
    assert first.position == changes.size()


def test_whatever_breaks_the_telling_puts_a_subscriber_off(
    aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be told again at once, without end."""

    def breaks(*_given: Any, **_named: Any) -> int:
        raise AttributeError("a shape that nobody expected")

    cast.says(aurora)
    sequenced()
    odd = subscribed(aurora, "https://example.org/")
    monkeypatch.setattr(working, "TELL", {Subscription.Kind.WEBHOOK: breaks})
    working.run(odd.pk)
    odd.refresh_from_db()
    assert (odd.failures, odd.trouble, odd.lease_until) == (1, "unexpected", None)
    assert odd.due_at > timezone.now()


def test_nobody_answers_and_seals_that_break_are_told(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        url = receiver.url
    assert told(subscribed(aurora, url)).trouble == "egress.connection"
    broken = subscribed(aurora, url)
    Subscription.objects.filter(pk=broken.pk).update(sealed=b"x")
    assert told(broken).trouble == "seal.broken"
    with pytest.raises(Trouble):
        webhooks.try_out(subscribed(aurora, url), at=timezone.now())


def test_a_subscriber_that_another_worker_tells_is_left_alone(aurora: Sample) -> None:
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        subscription = subscribed(aurora, receiver.url, lease_until=timezone.now() + timedelta(minutes=1))
        told(subscription)
        assert not receiver.got
        Subscription.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        told(subscription)
        assert len(receiver.got) == 1


def test_staff_are_written_to_when_a_receiver_is_gone(aurora: Sample, settings: Any, mailoutbox: Any) -> None:
    settings.OPTIN_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for name, group in (("ana", "Staff"), ("bruno", "Auditor")):
        user(name, group, company=aurora.company, email=f"{name}@aurora.example")
    user("clara", "Staff", company=other_sample().company, email="clara@horizonte.example")
    cast.says(aurora)
    sequenced()
    with listening() as receiver:
        receiver.answer = status(410)
        subscription = told(subscribed(aurora, receiver.url))

    assert (giving_up.drain(), giving_up.drain()) == (1, 0)
    [mail] = mailoutbox
    assert mail.recipients() == ["ana@aurora.example"]
    assert mail.subject == "Café Aurora: CRM não é mais avisado das mudanças"
    assert f"/admin/consent/subscription/{subscription.pk}/change/" in mail.body
    assert receiver.url not in mail.body


def test_an_email_that_does_not_leave_is_tried_again_until_it_does(
    aurora: Sample, settings: Any, mailoutbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPTIN_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    user("ana", "Staff", company=aurora.company, email="ana@aurora.example")
    made = subscribed(aurora, "https://x.example/", state="failed", mail_due_at=timezone.now())

    def refuses(*_arguments: Any, **_named: Any) -> None:
        raise OSError("no mail today")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuses)
        assert (giving_up.drain(), giving_up.drain()) == (1, 0)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
        assert giving_up.drain() == 1
    assert len(mailoutbox) == 1
    made.refresh_from_db()
    assert made.mail_due_at is None


def test_where_nobody_has_an_address_nothing_is_sent(aurora: Sample, mailoutbox: Any) -> None:
    subscribed(aurora, "https://x.example/", state="failed", mail_due_at=timezone.now())
    assert giving_up.drain() == 1
    assert not mailoutbox


def test_what_somebody_leads_back_to_us_is_refused_and_ends(aurora: Sample, live_server: Any) -> None:
    """The address is another name of our own server, which no check of addresses can know."""
    cast.says(aurora)
    sequenced()
    subscription = told(subscribed(aurora, live_server.url.replace("localhost", "127.0.0.1") + "/api"))
    assert (subscription.trouble, subscription.state) == ("answer.loop", "failed")
    assert Attempt.objects.get().status == 508


def test_while_one_is_down_and_others_are_hostile_everybody_else_is_told_and_it_is_once_it_is_up(
    transactional_db: None, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the real clock; only the waits between two attempts are shorter than in life."""
    monkeypatch.setattr(working, "FIRST_WAIT", timedelta(seconds=0.2))
    monkeypatch.setattr(outside, "WHOLE_SECONDS", 1.0)

    def until(done: Any) -> None:
        deadline = time.monotonic() + 60
        while not done():
            assert time.monotonic() < deadline
            sequenced()
            working.drain()
            time.sleep(0.05)

    port = ports.free()
    with listening() as good, listening() as slow, listening() as hostile, listening() as redirects:
        slow.answer = lambda request: (time.sleep(0.3), status(204)(request))[1]
        hostile.answer = receivers.pours
        redirects.answer = status(307, Location="http://169.254.169.254/latest/meta-data/")
        late = subscribed(aurora, f"http://127.0.0.1:{port}/hook")
        for receiver in (hostile, redirects, good, slow):
            subscribed(aurora, receiver.url)
        said: list[str] = []
        for number in range(6):
            said.append(str(cast.says(aurora, cast.stranger(number)).records[0]))
            until(lambda: all(len(events(one)) >= len(said) for one in (good, slow)))
        until(lambda: Subscription.objects.get(pk=late.pk).failures >= 2)
        assert Subscription.objects.get(pk=late.pk).trouble == "egress.connection"
        with listening(port) as up:
            until(lambda: Subscription.objects.get(pk=late.pk).position == changes.size())
        working.wait()
    for receiver in (good, slow, up):
        assert [event["id"] for event in events(receiver)] == said
    assert set(redirects.asked) == {"POST /hook"}
    assert Subscription.objects.get(pk=late.pk).failures == 0
