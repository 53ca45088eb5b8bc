"""The cast of the tests: Ana, Bruno and Clara, and what they say."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from consent import catalogue, decision, dialogue, recording, vault, wording
from consent.contact import Contact
from consent.decision import known
from consent.history import Said
from consent.models import LogEntry, LogPending, OutboundMessage
from consent.recording import ConsentEvent, Recorded
from consent.sample import Sample
from consent.vocabulary import Channel, Possession, State

ANA = Contact.tel("+5511987654321")
BRUNO = Contact.tel("+5521976543210")
CLARA = Contact.tel("+573001234567")

_number = itertools.count(1)


def stranger(number: int) -> Contact:
    """Somebody with a number nobody else in the tests has."""
    return Contact.tel(f"+55119{80000000 + number}")


def new_reference(source: str = "website") -> str:
    """An id as a source would give it, never the same twice."""
    return f"{source}:{next(_number)}"


def event(aurora: Sample, **changes: Any) -> ConsentEvent:
    """Ana's yes to news by SMS, as she typed the code she was sent; `changes` say what is different."""
    values: dict[str, Any] = {
        "company": aurora.company,
        "contact": ANA,
        "purpose": aurora.purposes["novidades"],
        "channel": Channel.SMS,
        "state": State.GIVEN,
        "notice": aurora.version,
        "language": "pt-BR",
        "event_time": timezone.now(),
        "method": "website",
        "evidence": {"text": "Café Aurora quer escrever para você", "number": ANA.value},
        "reference": new_reference(),
        "possession": Possession.CODE,
        "point": aurora.point,
    }
    return ConsentEvent(**(values | changes))


def says(aurora: Sample, contact: Contact = ANA, **changes: Any) -> Recorded:
    """Somebody's yes, recorded."""
    return recording.record(event(aurora, contact=contact, **changes))


def stops(aurora: Sample, contact: Contact = ANA, *, purpose: Any = None, **changes: Any) -> Recorded:
    """Somebody's stop, recorded: of everything on the channel unless a purpose is named."""
    stop: Mapping[str, Any] = {"state": State.WITHDRAWN, "notice": None, "possession": Possession.INBOUND}
    return recording.record(event(aurora, contact=contact, purpose=purpose, **(dict(stop) | changes)))


def entries() -> list[bytes]:
    """Everything in the log, sequenced first, then what waits in order of arrival."""
    sequenced = LogEntry.objects.order_by("index").values_list("data", flat=True)
    waiting = LogPending.objects.order_by("arrival", "id").values_list("data", flat=True)
    return [bytes(data) for data in [*sequenced, *waiting]]


def at(text: str) -> datetime:
    """A moment in UTC: "2026-02-01 12:00"."""
    return datetime.fromisoformat(f"{text}+00:00")


# --- what is asked, and what comes back


def asks(aurora: Sample, contact: Contact = ANA, *, boxes: Sequence[str] = ("novidades.sms",)) -> Recorded:
    """Somebody types a number into the form and ticks boxes; the question to the number is queued."""
    ask = catalogue.ask(aurora.company.slug, aurora.point.slug)
    assert ask is not None
    assert ask.version is not None
    shown = wording.statement(ask, ask.version, "pt-BR")
    ticked = [box for box in shown.boxes if box.key in boxes]
    evidence, reference = {"text": shown.text}, new_reference()
    return recording.record(
        *(
            event(
                aurora,
                contact=contact,
                purpose=box.offer.purpose,
                channel=box.offer.channel,
                state=State.REQUESTED,
                possession=Possession.NONE,
                evidence=evidence,
                reference=reference,
            )
            for box in ticked
        ),
        tell=lambda act: [dialogue.asking(ask, ticked, "pt-BR", act, has_page=True)],
    )


def sent(recorded: Recorded) -> Recorded:
    """The question of an act has left."""
    messages = OutboundMessage.objects.filter(act=recorded.act)
    assert messages.update(state=OutboundMessage.State.SENT, sent_at=timezone.now()) == 1
    return recorded


def writes(aurora: Sample, text: str, contact: Contact = ANA, *, reference: str = "", **more: Any) -> str:
    """Somebody writes to the company's SMS sender; returns the reply."""
    return dialogue.answer(
        sender=aurora.sender,
        contact=contact,
        text=text,
        method="sms",
        reference=reference or new_reference("SM"),
        evidence={"message": text, "from": contact.value},
        **more,
    )


def read(
    aurora: Sample, contact: Contact = ANA, *, purpose: str = "novidades", channel: str = "sms"
) -> list[Said]:
    """What the decision reads of somebody about a purpose."""
    company = aurora.company.pk
    about = known.About(company, channel, purpose)
    found = known.look(about, vault.lookup(company, contact), b"", now=timezone.now())
    [number] = found.common.categories
    return found.said(number)


def may(
    aurora: Sample, contact: Contact = ANA, *, purpose: str = "novidades", channel: str = "sms"
) -> decision.Decision:
    """Whether the company may write to somebody now."""
    return decision.may_send(contact, company=aurora.company.pk, channel=channel, purpose=purpose)
