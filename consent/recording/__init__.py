"""The one door: what people said becomes records, all or none, once."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent import guardian
from consent.canonical import canonical
from consent.models import NoticeVersion
from consent.recording import committer, writer
from consent.recording.event import IMPORTED, TIME, ConsentEvent, File, Keys, Telling, keys_of
from consent.recording.writer import Recorded
from consent.vocabulary import State

__all__ = [
    "IMPORTED", "TIME", "ConsentEvent", "File", "Keys", "Recorded", "Tell", "Telling", "keys_of", "record",
    "record_each", "tell_nobody",
]  # fmt: skip


type Tell = Callable[[UUID], Iterable[Telling]]


def tell_nobody(_act: UUID) -> Iterable[Telling]:
    """Queue nothing."""
    return ()


def record(*events: ConsentEvent, tell: Tell = tell_nobody) -> Recorded:
    """Record one act: all its events or none, durable when this returns; the same reference again changes
    nothing.

    The events are of one person, said at once: they share company, contact, reference and evidence. `tell` is
    given the act's id and says which messages to queue in the same transaction; for an act seen before, none.

    Two queries (see `writer.write`); in the web server they are shared with whatever other acts are waiting.
    Raises ValueError for events that are not one act, and DatabaseError when nothing was recorded.
    """
    draft = _draft(events, tell, _keys(events))
    if settings.OPTIN_GROUP_COMMIT and not connection.in_atomic_block:
        return committer.submit(draft)
    return writer.write([draft])[0]


def record_each(acts: Sequence[tuple[tuple[ConsentEvent, ...], Keys]]) -> list[Recorded]:
    """Record many acts, all or none, in their order and in the caller's transaction; nobody is told.

    Each comes with the keys of its first event, which whoever has many has worked out before. Two queries however
    many acts; very many are copied in, table by table. The same reference again returns the first records. Raises as
    `record` does.
    """
    return writer.write([_draft(events, tell_nobody, keys) for events, keys in acts])


def _keys(events: tuple[ConsentEvent, ...]) -> Keys:
    if not events:
        raise ValueError("An act has at least one event.")
    first = events[0]
    return keys_of(first.company.pk, first.contact, reference=first.reference)


def _draft(events: tuple[ConsentEvent, ...], tell: Tell, keys: Keys) -> writer.Draft:
    first = events[0]
    _check(first)
    for event in events[1:]:
        if _shared(event) != _shared(first) or event.evidence is not first.evidence:
            raise ValueError("The events of one act share company, contact, reference, evidence and files.")
        _check(event)
    evidence = dict(first.evidence)
    if first.files:  # the log commits to the evidence, and so to what is in the files
        evidence["files"] = [
            {
                "name": file.name,
                "media_type": file.media_type,
                "sha256": hashlib.sha256(file.content).hexdigest(),
            }
            for file in first.files
        ]
    return writer.Draft(
        events=events,
        keys=keys,
        evidence=canonical(evidence),
        tell=tell,
    )


def _shared(event: ConsentEvent) -> tuple[object, ...]:
    return (event.company.pk, event.contact, event.reference, event.files)


def _check(event: ConsentEvent) -> None:
    if event.purpose is None and event.state != State.WITHDRAWN:
        raise ValueError("Only a withdrawal may speak of every purpose; all else names its own.")
    if event.purpose is not None and event.purpose.company_id != event.company.pk:
        raise ValueError("A purpose of another company cannot be recorded.")
    if event.notice is None and event.state in (State.GIVEN, State.REQUESTED) and event.method != IMPORTED:
        raise ValueError("Nobody is asked, and nobody agrees, without a notice.")
    if event.notice is not None and event.notice.state == NoticeVersion.State.DRAFT:
        raise ValueError("A notice must be published before it is shown.")
    asks_guardian = event.point is not None and event.point.asks_guardian
    if (
        asks_guardian
        and event.state in (State.GIVEN, State.REQUESTED)
        and not guardian.of_evidence(event.evidence)
    ):
        raise ValueError("Nobody is asked or agrees for a child without a guardian who says who they are.")
    if event.event_time.utcoffset() is None:
        raise ValueError("A time without a zone could be any of 27 hours.")
