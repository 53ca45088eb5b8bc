"""Whatever a history holds, `may_send`, the API and the batch say what an independent oracle says, and why."""

import inspect
import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from consent import catalogue, decision, vault
from consent.contact import Contact
from consent.models import Company, ContactTrouble, Hold, InboundMessage, Sender, Sending
from consent.sample import Sample
from consent.vocabulary import Possession, State
from tests.api.conftest import Program, _remember_no_key, program
from tests.cast import says, stranger

__all__ = ["_remember_no_key", "program"]

NOW = datetime(2026, 11, 20, 15, 30, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNKNOWN = "+5511000000000"
PROOF = {"given": Possession.CODE, "unproved": Possession.NONE}


@dataclass
class Person:
    """What happened with one person on WhatsApp, each list in the order in which it did."""

    contact: Contact
    said: list[tuple[datetime, str, datetime]] = field(default_factory=list)  # when, what, when recorded
    holds: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)
    troubles: list[tuple[str, datetime, datetime | None]] = field(default_factory=list)
    wrote: list[datetime] = field(default_factory=list)
    got: list[datetime] = field(default_factory=list)  # offers


@dataclass
class Question:
    """What is asked of everybody, and how the company and its only number on WhatsApp are."""

    at: datetime | None
    is_offer: bool
    is_reply: bool
    sender: str  # "ours", "unknown" or ""
    restriction: str
    since: datetime | None
    until: datetime | None
    is_paused: bool
    is_quiet_at_night: bool
    a_day: int
    a_week: int


def oracle(who: Person, q: Question) -> str:
    """The reason, from what is written down alone."""
    at = q.at or NOW
    known = [(n, when, what) for n, (when, what, recorded) in enumerate(who.said) if recorded <= at]
    no = [(n, when, what) for n, when, what in known if what in ("withdrawn", "refused", "revoked")]
    rest = [one for one in known if one not in no and all(one[0] > n and one[1] > when for n, when, _ in no)]
    yes = [when for _, when, what in rest if what == "given"]
    reason = "given" if yes else "requested" if rest else "no_record"
    if no and not rest:
        reason = max((when, n, what) for n, when, what in no)[2]
    if yes and at >= max(yes) + 730 * DAY:
        reason = "expired"
    held = {kind for kind, since, ended in who.holds if since <= at and (ended is None or ended > at)}
    offers_held = ["blocked" if "blocked" in held else "held"] if held and q.is_offer else []
    over = {since for _, since, _ in who.troubles if any(since < wrote <= at for wrote in who.wrote)}
    ill = {
        kind for kind, since, end in who.troubles if since <= at < (end or NOW + DAY) and since not in over
    }
    ours = ["unknown_sender"] if q.sender == "unknown" else []
    if q.sender != "unknown" and q.is_paused and q.at is None:
        ours += ["paused"]
    elif q.sender != "unknown" and (q.since or at) <= at and (q.until is None or q.until > at):
        words = {"blocked": "sender_blocked", "answers": "sender_restricted", "": ""}
        ours += [words.get(q.restriction, "sender_quality" if q.is_offer else "")]
    against = offers_held + (["unreachable"] if "unreachable" in ill else [])
    against += (["limited"] if "limited" in ill and q.is_offer else []) + ours
    hour = (at - 3 * HOUR).hour  # in São Paulo
    against += ["quiet_hours"] if q.is_offer and q.is_quiet_at_night and (hour >= 21 or hour < 8) else []
    day, week = (sum(at - far < got <= at for got in who.got) for far in (DAY, 7 * DAY))
    if q.is_offer and ((q.a_day and day >= q.a_day) or (q.a_week and week >= q.a_week)):
        against += ["capped"]
    own = next(filter(None, against), "given") if reason == "given" else reason
    window = [wrote for wrote in who.wrote if at - DAY < wrote <= at and q.sender != "unknown"]
    ended = [who.said[n][2] for n, _, _ in no]
    if own == "given" or not window or not q.is_reply:
        return own
    if ended and reason != "given" and (q.is_offer or max(ended) >= max(window)):
        return own
    return next(iter(offers_held + [one for one in ours if one in ("paused", "sender_blocked")]), "in_window")


def past(chance: random.Random, *, days: int) -> datetime:
    """A moment of the past, more often near than far, when hours and days decide."""
    return NOW - timedelta(seconds=1 + chance.randrange(chance.choice([2, days, days]) * 86_400))


def live(aurora: Sample, sender: Sender, number: int, chance: random.Random) -> Person:
    """Somebody's random history, recorded as it happened."""
    who = Person(stranger(number))
    subject = None
    moments = sorted(past(chance, days=900) for _ in range(chance.choice([0, 1, 1, 2, 3, 4])))
    for recorded in moments:
        what = chance.choice(["given"] * 4 + ["unproved", "requested", "withdrawn", "refused", "revoked"])
        when = recorded - chance.choice([0, 0, 1, 300]) * DAY
        state = State.GIVEN if what in PROOF else State(what)
        with time_machine.travel(recorded, tick=False):
            subject = says(
                aurora, who.contact, state=state, possession=PROOF.get(what, Possession.NONE), event_time=when,
                channel="whatsapp", purpose=aurora.purposes["novidades"],
            ).subject  # fmt: skip
        who.said.append((when, what, recorded))
    key = vault.number_key(who.contact)
    if chance.random() < 0.4:
        who.wrote = sorted(past(chance, days=3) for _ in range(chance.choice([1, 2])))
        for wrote in who.wrote:
            InboundMessage.objects.create(
                id=vault.new_id(), event=vault.new_id().bytes * 2, provider="meta", sender=sender, sealed=b"",
                digest=b"", number_key=key, received_at=wrote,
            )  # fmt: skip
    if subject is None:
        return who
    for kind in chance.sample(["unsure", "blocked"], chance.choice([0, 0, 0, 1, 2])):
        since = past(chance, days=20)
        ended = chance.choice([None, since + (NOW - since) / 2])
        who.holds.append(("held" if kind == "unsure" else kind, since, ended))
        Hold.objects.create(
            id=vault.new_id(), company=aurora.company, sender=sender, subject=subject, channel="whatsapp",
            kind=kind, said_at=since, ended_at=ended,
        )  # fmt: skip
    for kind in chance.sample(["unreachable", "limited"], chance.choice([0, 0, 0, 1, 2])):
        since = past(chance, days=20)
        until = chance.choice([None, None, since + 5 * DAY])
        who.troubles.append((kind, since, until))
        ContactTrouble.objects.create(
            company=aurora.company, subject=subject, number_key=key, channel="whatsapp", kind=kind, cause="x",
            since=since, seen_at=since, until=until,
        )  # fmt: skip
    for _ in range(chance.choice([0, 0, 1, 3])):
        got = past(chance, days=8)
        who.got.append(got)
        Sending.objects.create(
            id=vault.new_id(), company=aurora.company, subject=subject, channel="sms", digest=b"", sent_at=got,
            purpose=aurora.purposes["novidades"],
        )  # fmt: skip
    return who


def questions(chance: random.Random, count: int) -> Iterator[Question]:
    for number in range(count):
        since = chance.choice([None, past(chance, days=5)])
        yield Question(
            at=None if number % 2 else past(chance, days=chance.choice([3, 20, 800])),
            is_offer=chance.random() < 0.7,
            is_reply=chance.random() < 0.4,
            sender=chance.choice(["", "", "ours", "unknown"]),
            restriction=chance.choice(["", "", "", "blocked", "answers", "quality"]),
            since=since,
            until=chance.choice([None, NOW + DAY, (since or NOW) + DAY]),
            is_paused=chance.random() < 0.1,
            is_quiet_at_night=chance.random() < 0.5,
            a_day=chance.choice([0, 0, 1]),
            a_week=chance.choice([0, 0, 2]),
        )


def arrange(aurora: Sample, sender: Sender, q: Question) -> None:
    """Make the company and its number what the question says."""
    Company.objects.filter(pk=aurora.company.pk).update(
        quiet_from="21:00" if q.is_quiet_at_night else None,
        quiet_until="08:00" if q.is_quiet_at_night else None,
        offers_per_day=q.a_day, offers_per_week=q.a_week,
    )  # fmt: skip
    Sender.objects.filter(pk=sender.pk).update(
        restriction=q.restriction, restricted_since=q.since, restricted_until=q.until, is_paused=q.is_paused
    )
    aurora.purposes["novidades"].__class__.objects.filter(pk=aurora.purposes["novidades"].pk).update(
        category="marketing" if q.is_offer else "utility"
    )
    catalogue.forget()


def reasons(body: bytes) -> list[tuple[bool, str]]:
    told = [json.loads(line) for line in body.splitlines()]
    return [(one["allow"], one["reason"]) for one in told[0].get("decisions", told)]


def ask(program: Program, people: list[Person], topic: dict[str, str]) -> dict[str, Any]:
    """The answers of the API's three ways."""
    numbers = [who.contact.value for who in people]
    lines = [json.dumps(topic), *map(json.dumps, numbers)]
    some = numbers[:: max(1, len(numbers) // 20)]
    one_by_one = [program.send(json.dumps(topic | {"contact": number}).encode()).json() for number in some]
    return {
        "list": [
            answer
            for first in range(0, len(numbers), 5_000)
            for answer in reasons(
                program.send(json.dumps(topic | {"contacts": numbers[first : first + 5_000]}).encode()).body
            )
        ],
        "stream": reasons(
            program.send(
                "\n".join(lines).encode(), CONTENT_TYPE="application/x-ndjson", CONTENT_LENGTH=None
            ).body
        ),
        "one by one": dict(zip(some, ((one["allow"], one["reason"]) for one in one_by_one), strict=True)),
    }


def test_the_oracle_is_short() -> None:
    assert len(inspect.getsource(oracle).splitlines()) <= 40


@pytest.mark.slow
@pytest.mark.no_cover
def test_every_way_to_ask_agrees_with_the_oracle_about_random_histories(
    program: Program, aurora: Sample, settings: Any
) -> None:
    """OPTIN_EXHAUSTIVE makes them ten thousand."""
    settings.OPTIN_STRANGERS_A_MINUTE = 1_000_000
    settings.OPTIN_CATALOGUE_SECONDS = 60  # `arrange` forgets what it changes
    seed = int(os.environ.get("OPTIN_SEED", "7"))
    chance = random.Random(seed)
    [sender, *others] = Sender.objects.filter(company=aurora.company, channel="whatsapp").order_by("pk")
    Sender.objects.filter(pk__in=[one.pk for one in others]).delete()
    count = 10_000 if os.environ.get("OPTIN_EXHAUSTIVE") else 60
    people = [live(aurora, sender, number, chance) for number in range(count)]
    seen: set[str] = set()
    with time_machine.travel(NOW, tick=False):
        for q in questions(random.Random(seed), 40):
            arrange(aurora, sender, q)
            expected = [oracle(who, q) for who in people]
            seen.update(expected)
            said = [(reason in ("given", "in_window"), reason) for reason in expected]
            address = {"": "", "ours": sender.address, "unknown": UNKNOWN}[q.sender]
            about = {"channel": "whatsapp", "purpose": "novidades"}
            alone = [
                decision.may_send(
                    who.contact,
                    company=aurora.company.pk,
                    sender=address,
                    is_reply=q.is_reply,
                    at=q.at,
                    **about,
                )
                for who in people
            ]
            topic = about | {"reply": "yes" if q.is_reply else "no"}
            topic |= ({"at": q.at.isoformat()} if q.at else {}) | ({"sender": address} if address else {})
            heard = ask(program, people, topic)
            for who, right, one, listed, streamed in zip(
                people, said, alone, heard["list"], heard["stream"], strict=True
            ):
                answers = {(one.allow, one.reason.value), listed, streamed}
                answers |= {heard["one by one"].get(who.contact.value, right)}
                assert answers == {right}, (who, q)
    assert seen == {
        "given", "in_window", "no_record", "requested", "refused", "withdrawn", "revoked", "expired", "held",
        "blocked", "unreachable", "limited", "unknown_sender", "paused", "sender_blocked", "sender_restricted",
        "sender_quality", "quiet_hours", "capped",
    }  # fmt: skip
