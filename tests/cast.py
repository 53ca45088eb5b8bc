"""The cast of the tests: Ana, Bruno and Clara, and what they say."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from consent import recording
from consent.contact import Contact
from consent.models import LogEntry, LogPending
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
