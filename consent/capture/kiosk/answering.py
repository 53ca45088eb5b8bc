"""One answer of a tablet becomes one act: verified, read, recorded at the moment it was given, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent import catalogue, dialogue, http, pinned, recording
from consent.canonical import moment
from consent.capture.kiosk import METHOD, said
from consent.capture.kiosk.said import Answer, Sealed
from consent.catalogue import Ask
from consent.contact import Contact
from consent.errors import BadInput
from consent.history import INEXACT
from consent.models import Kiosk, NoticeVersion
from consent.pinned import Pinned
from consent.recording import ConsentEvent, Recorded, Telling
from consent.showing import show
from consent.vocabulary import Confirmation, Possession, State
from consent.wording import Box, Statement

ON_THE_SPOT = timedelta(seconds=10)  # so soon after, no clock of a tablet is wrong enough to matter

_SUPERSEDED = _("The text has changed since this tablet last had a network. Show the person the new one.")
_TOO_OLD = _("This answer has waited on the tablet for too long.")
_NOT_GIVEN = _("Tick at least one box to say what you want. If you want nothing, just leave this page.")
_UNKNOWN = _("One of the boxes is not offered here. Please choose again.")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was on the tablet, as its render token proves it."""

    pinned: Pinned
    version: NoticeVersion
    statement: Statement


@dataclass(frozen=True, slots=True)
class When:
    """When somebody answered, as far as the tablet's clock can be believed."""

    at: datetime
    clock: str


def verify(answer: Answer, ask: Ask, *, now: datetime) -> Seen:
    """What the person had before them. Raises BadInput where that is not known, or too long ago."""
    seen = pinned.read(answer.token, method=METHOD.slug)
    version = catalogue.version(seen.version)
    if seen.point != ask.point.pk or version is None or version.notice_id != ask.point.notice_id:
        raise BadInput("notice.superseded", _SUPERSEDED)
    if now - seen.shown_at > timedelta(days=settings.OPTIN_KIOSK_DAYS):
        raise BadInput("kiosk.too_old", _TOO_OLD)
    showing = show(ask, version, seen.language)
    if showing.digest != seen.digest:
        raise BadInput("notice.superseded", _SUPERSEDED)
    return Seen(seen, version, showing.statement)


def when(sealed: Sealed, answer: Answer, seen: Seen, *, now: datetime) -> When:
    """The moment of an answer: as long before now as the tablet says that it waited.

    So it does not matter what time the tablet believes it is. Nobody answers before the page was shown, nor after the
    answer was sent: a tablet that claims so had its clock changed, and the earliest moment that can be is taken.
    """
    waited = timedelta(milliseconds=sealed.sent_at - answer.said_at)
    if waited < timedelta(0) or now - waited < seen.pinned.shown_at:
        return When(seen.pinned.shown_at, METHOD.slug + INEXACT)
    return When(now - waited, "" if waited <= ON_THE_SPOT else METHOD.slug)


def take(request: HttpRequest, ask: Ask, kiosk: Kiosk, *, body: bytes, now: datetime) -> Recorded:
    """Record what a tablet hands in; the same answer again is the first one. Raises BadInput."""
    sealed, answer = said.read(body)
    seen = verify(answer, ask, now=now)
    contact = Contact.tel(answer.phone, ask.company.country, allowed=ask.company.countries)
    ticked = _ticked(answer, seen.statement)
    files = said.signature(answer)
    moment_of = when(sealed, answer, seen, now=now)
    is_proved_later = ask.point.confirmation != Confirmation.NONE
    evidence = {
        **seen.statement.evidence(seen.version, said=lambda box: {"ticked": box in ticked}),
        "shown_at": moment(seen.pinned.shown_at),
        "tablet_said_at": moment(datetime.fromtimestamp(answer.said_at / 1000, UTC)),
        "tablet_sent_at": moment(datetime.fromtimestamp(sealed.sent_at / 1000, UTC)),
        "received_at": moment(now),
        "typed": answer.phone,
        "number": contact.value,
        "kiosk": f"{kiosk.pk} {kiosk.name}",
        "signed": bool(files),
        "address": http.client_address(request),
        "user_agent": http.header(request, "User-Agent"),
        "confirmation": str(ask.point.confirmation),
    }

    def tell(act: UUID) -> list[Telling]:
        return [dialogue.asking(ask, ticked, seen.pinned.language, act)] if is_proved_later else []

    return recording.record(
        *(
            ConsentEvent(
                company=ask.company, contact=contact, purpose=box.offer.purpose, channel=box.offer.channel,
                state=State.REQUESTED if is_proved_later else State.GIVEN,
                possession=Possession.NONE if is_proved_later else Possession.POLICY,
                notice=seen.version, language=seen.pinned.language, event_time=moment_of.at, clock=moment_of.clock,
                method=METHOD.slug, evidence=evidence, reference=f"{METHOD.slug}:{sealed.id}", point=ask.point,
                files=files,
            )
            for box in ticked
        ),
        tell=tell,
    )  # fmt: skip


def _ticked(answer: Answer, statement: Statement) -> Sequence[Box]:
    boxes = {box.key: box for box in statement.boxes}
    if not answer.boxes:
        raise BadInput("consent.not_given", _NOT_GIVEN, pointer="boxes")
    if set(answer.boxes) - boxes.keys():
        raise BadInput("purpose.unknown", _UNKNOWN, pointer="boxes")
    return [box for key, box in boxes.items() if key in answer.boxes]
