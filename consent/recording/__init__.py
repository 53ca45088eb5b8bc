"""The one door: what people said becomes records, all or none, once."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.conf import settings
from django.db import connection

from consent import vault
from consent.canonical import canonical
from consent.models import NoticeVersion
from consent.recording import committer, writer
from consent.recording.event import ConsentEvent, File, Telling
from consent.recording.writer import Recorded
from consent.vocabulary import State

__all__ = ["ConsentEvent", "File", "Recorded", "Telling", "record"]


def _tell_nobody(_act: UUID) -> Iterable[Telling]:
    return ()


def record(*events: ConsentEvent, tell: Callable[[UUID], Iterable[Telling]] = _tell_nobody) -> Recorded:
    """Record one act: all its events or none, durable when this returns; the same reference again changes nothing.

    The events are of one person, said at once: they share company, contact, reference and evidence. `tell` is
    given the act's id and says which messages to queue in the same transaction; for an act seen before, none.

    Two queries (see `writer.write`); in the web server they are shared with whatever other acts are waiting.
    Raises ValueError for events that are not one act, and DatabaseError when nothing was recorded.
    """
    draft = _draft(events, tell)
    if settings.OPTIN_GROUP_COMMIT and not connection.in_atomic_block:
        return committer.submit(draft)
    return writer.write([draft])[0]


def _draft(events: tuple[ConsentEvent, ...], tell: Callable[[UUID], Iterable[Telling]]) -> writer.Draft:
    if not events:
        raise ValueError("An act has at least one event.")
    first = events[0]
    for event in events:
        if (event.company.pk, event.contact, event.reference) != (
            first.company.pk, first.contact, first.reference
        ) or event.evidence is not first.evidence:  # fmt: skip
            raise ValueError("The events of one act share company, contact, reference and evidence.")
        if event.purpose is not None and event.purpose.company_id != event.company.pk:
            raise ValueError("A purpose of another company cannot be recorded.")
        if event.notice is None and event.state in (State.GIVEN, State.REQUESTED):
            raise ValueError("Nobody is asked, and nobody agrees, without a notice.")
        if event.notice is not None and event.notice.state == NoticeVersion.State.DRAFT:
            raise ValueError("A notice must be published before it is shown.")
    return writer.Draft(
        events=events,
        lookup=vault.lookup(first.company.pk, first.contact),
        reference=vault.reference_key(first.company.pk, first.reference),
        evidence=canonical(first.evidence),
        tell=tell,
    )
