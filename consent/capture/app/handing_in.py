"""What people answered in an app becomes records: one per answer, proved as the company's policy says."""

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from PIL import Image

from consent import catalogue, dialogue, guardian, pinned, recording
from consent.api import answers, moments
from consent.api.keys import Holder
from consent.canonical import moment
from consent.capture.app import METHOD, for_child, idempotency
from consent.capture.app.said import Consent, Snapshot
from consent.catalogue import Ask
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import NoticeVersion
from consent.pinned import Pinned
from consent.providers import scanner
from consent.recording import ConsentEvent, File, Recorded, Telling
from consent.showing import show
from consent.vocabulary import Confirmation, Possession, State
from consent.wording import Box, Statement

MOST_PIXELS = 12_000_000


class Seen(NamedTuple):
    """What was on the app's screen, as the render token proves it."""

    ask: Ask
    pinned: Pinned
    version: NoticeVersion
    statement: Statement


def verify(consent: Consent, *, holder: Holder, now: datetime) -> Seen:
    """What the person had before them. Raises BadInput where that is not known, or not said any more."""
    try:
        seen = pinned.read(consent.token, method=METHOD.slug)
    except BadInput as error:
        raise BadInput("token.unknown", "This is no render token of ours.", pointer="token") from error
    ask = catalogue.ask_numbered(seen.point)
    if ask is None or ask.company.pk != holder.company:
        raise BadInput("token.unknown", "This is no render token of ours.", pointer="token")
    if not ask.is_ready:
        raise BadInput("point.closed", "This capture point is closed.", status=409)
    if seen.is_expired(now):
        raise BadInput(
            "token.expired", "Show the capture point again: this was too long ago.", pointer="token"
        )
    version = catalogue.version(seen.version)
    superseded = BadInput(
        "notice.superseded", "The text has changed. Show the capture point again.", pointer="token"
    )
    if version is None or version.notice_id != ask.point.notice_id:
        raise superseded
    showing = show(ask, version, seen.language)
    if showing.digest != seen.digest:
        raise superseded
    return Seen(ask, seen, version, showing.statement)


def record(
    consent: Consent, seen: Seen, *, holder: Holder, key: str, caller: Mapping[str, str], now: datetime
) -> tuple[Recorded, Sequence[ConsentEvent]]:
    """Record one event per answer, and say which. A yes waits for its proof unless the policy or the app's claim
    stands in.
    """
    ask = seen.ask
    answered = _answered(consent, seen.statement)
    contact = _contact(consent.contact, ask)
    possession = _possession(consent, ask, now=now)
    is_proved = possession != Possession.NONE
    accepted = [box for box, is_yes in answered if is_yes]
    speaks = for_child.read(consent.guardian, ask, is_yes=bool(accepted), now=now)
    asked = idempotency.fingerprint("consent", for_child.body(consent, speaks))
    evidence = {
        **seen.statement.evidence(seen.version, said=lambda box: _said(box, consent.answers)),
        "shown_at": moment(seen.pinned.shown_at),
        "sent_at": moment(now),
        "typed": consent.contact,
        "number": contact.value,
        "app": consent.evidence.model_dump(exclude_none=True),
        "verified": consent.verified.model_dump() if consent.verified else {},
        "confirmation": str(ask.point.confirmation),
        "api_key": holder.key,
        idempotency.REQUEST: asked,
        **guardian.evidence(speaks, language=seen.pinned.language),
        **caller,
    }
    files = (_picture(consent.snapshot),) if consent.snapshot else ()

    def tell(act: UUID) -> Sequence[Telling]:
        return (
            [] if is_proved or not accepted else [dialogue.asking(ask, accepted, seen.pinned.language, act)]
        )

    events = [
        ConsentEvent(
            company=ask.company, contact=contact, purpose=box.offer.purpose, channel=box.offer.channel,
            state=_state(is_yes, is_proved=is_proved),
            possession=possession if is_yes else Possession.NONE,
            notice=seen.version, language=seen.pinned.language, event_time=now, method=METHOD.slug,
            evidence=evidence, reference=idempotency.reference(key), point=ask.point, files=files,
            valid_days=guardian.limit(speaks, at=now, longest=box.offer.purpose.validity_days) if is_yes else None,
        )
        for box, is_yes in answered
    ]  # fmt: skip
    recorded = recording.record(*events, tell=tell)
    idempotency.check(recorded, asked)
    return recorded, events


def _answered(consent: Consent, statement: Statement) -> list[tuple[Box, bool]]:
    boxes = {box.key: box for box in statement.boxes}
    for key in consent.answers:
        if key not in boxes:
            raise BadInput(
                "purpose.unknown",
                "An answer to something that was not asked.",
                pointer=f"answers/{answers.escaped(key)}",
            )
    return [(boxes[key], is_yes) for key, is_yes in consent.answers.items()]


def _said(box: Box, answered: Mapping[str, bool]) -> Mapping[str, bool]:
    """What was said to a box, as evidence keeps it: no answer is no no."""
    answer = {"answer": answered[box.key]} if box.key in answered else {}
    return {"ticked": answered.get(box.key) is True, **answer}


def _contact(text: str, ask: Ask) -> Contact:
    try:
        return Contact.tel(text, ask.company.country, allowed=ask.company.countries)
    except BadInput as error:
        error.pointer = "contact"
        raise


def _possession(consent: Consent, ask: Ask, *, now: datetime) -> Possession:
    """What shows that the person holds the number: the company's policy decides what the app's word is worth."""
    if consent.verified:
        moments.read(consent.verified.at, pointer="verified/at", now=now)
        if ask.point.trusts_app:
            return Possession.APP
    return Possession.POLICY if ask.point.confirmation == Confirmation.NONE else Possession.NONE


def _state(is_yes: bool, *, is_proved: bool) -> State:
    if not is_yes:
        return State.REFUSED
    return State.GIVEN if is_proved else State.REQUESTED


def _picture(snapshot: Snapshot) -> File:
    """The picture of the screen, if it is one. Raises BadInput."""
    wrong = BadInput(
        "snapshot.invalid", "This is no PNG, JPEG or WebP in Base64.", pointer="snapshot/content"
    )
    try:
        content = base64.b64decode(snapshot.content, validate=True)
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as picture:
            size, found = picture.size, Image.MIME.get(picture.format or "")
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise wrong from error
    if found != snapshot.media_type or size[0] * size[1] > MOST_PIXELS:
        raise wrong
    scanner.check([content], pointer="snapshot/content")
    return File(
        name=f"screen.{snapshot.media_type.removeprefix('image/')}", media_type=found, content=content
    )
