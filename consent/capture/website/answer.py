"""What a sent form becomes: checked against what was on the screen, one event per ticked box, a way on."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from consent import catalogue, dialogue, guardian, http, pinned, recording, vault
from consent.canonical import moment
from consent.capture.website import METHOD, page, reading
from consent.capture.website.reading import Answer
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.models import NoticeVersion, Poster
from consent.pinned import Pinned
from consent.recording import ConsentEvent, Recorded, Telling
from consent.showing import show
from consent.vocabulary import Confirmation, Origin, Possession, State
from consent.wording import Statement

logger = logging.getLogger(__name__)

_ELSEWHERE = _("This form belongs to another page. Please fill it in again here.")
_EXPIRED = _("This page was open for too long. Nothing is lost: check what you see and send it again.")
_SUPERSEDED = _("The text has changed since you opened this page. Read it again and tick what you want.")


class SeeOther(HttpResponseRedirect):
    """A redirect after a post: the next page is read with GET."""

    status_code = 303


class Seen(NamedTuple):
    """What was on the screen, as the render token proves it."""

    pinned: Pinned
    version: NoticeVersion
    statement: Statement


def verify(fields: Mapping[str, str], ask: Ask, *, now: datetime) -> Seen:
    """What the person had before them. Raises BadInput when that is not known, or is not said any more.

    A version published since does not matter: the record names the one that was on the screen.
    """
    seen = pinned.read(fields.get(reading.TOKEN, ""), method=METHOD.slug)
    if seen.point != ask.point.pk:
        raise BadInput("form.missing", message=_ELSEWHERE, status=400)
    if seen.is_expired(now):
        raise BadInput("form.expired", message=_EXPIRED)
    version = catalogue.version(seen.version)
    if version is None or version.notice_id != ask.point.notice_id:
        raise BadInput("notice.superseded", message=_SUPERSEDED)
    showing = show(ask, version, seen.language)
    if showing.digest != seen.digest:  # the company or a box was renamed, or other boxes are offered
        raise BadInput("notice.superseded", message=_SUPERSEDED)
    return Seen(seen, version, showing.statement)


def reference(seen: Seen, said: Answer) -> str:
    """The name of this answer: a second click brings the same one, another number or other boxes another."""
    keys = [box.key for box in said.ticked]
    if said.guardian is not None:
        keys += said.guardian.evidence().values()
    name = vault.digest("website", seen.pinned.nonce, said.contact.canonical, *keys).hex()
    return f"website:{name}"


def record(
    request: HttpRequest,
    ask: Ask,
    seen: Seen,
    said: Answer,
    *,
    fields: Mapping[str, str],
    reference: str,
    now: datetime,
    brought: Poster | None = None,
) -> Recorded:
    """Record one event per ticked box, and queue the question to the number where it must be proved."""
    is_proved_later = ask.point.confirmation != Confirmation.NONE
    evidence = _evidence(request, ask, seen, said, fields=fields, now=now)
    if brought is not None:
        evidence["poster"] = brought.code

    def tell(act: UUID) -> list[Telling]:
        if not is_proved_later:
            return []
        return [dialogue.asking(ask, said.ticked, seen.pinned.language, act, has_page=True)]

    return recording.record(
        *(
            ConsentEvent(
                company=ask.company,
                contact=said.contact,
                purpose=box.offer.purpose,
                channel=box.offer.channel,
                state=State.REQUESTED if is_proved_later else State.GIVEN,
                possession=Possession.NONE if is_proved_later else Possession.POLICY,
                notice=seen.version,
                language=seen.pinned.language,
                event_time=now,
                method=METHOD.slug,
                evidence=evidence,
                reference=reference,
                point=ask.point,
                valid_days=guardian.limit(said.guardian, at=now, longest=box.offer.purpose.validity_days),
                origin=Origin.POSTER.of(brought.pk) if brought else "",
            )
            for box in said.ticked
        ),
        tell=tell,
    )


def reply(request: HttpRequest, ask: Ask, seen: Seen, recorded: Recorded) -> HttpResponse:
    """On to the page that waits for the proof; straight to the receipt where none is asked for."""
    if ask.point.confirmation == Confirmation.NONE and not page.is_framed(request):
        return SeeOther(http.address("receipt", token=vault.act_token(recorded.act, use="receipt")))
    return _to_confirmation(request, ask, seen, recorded.act)


def reply_to_a_program(request: HttpRequest, ask: Ask, seen: Seen) -> HttpResponse:
    """The answer a person would get, for a form that no person filled in; nothing is recorded."""
    logger.info(
        "A program filled in the form of %s/%s; nothing was recorded.", ask.company.slug, ask.point.slug
    )
    return _to_confirmation(request, ask, seen, vault.new_id())


def _to_confirmation(request: HttpRequest, ask: Ask, seen: Seen, act: UUID) -> HttpResponse:
    token = vault.act_token(act, use="confirm")
    path = http.address("website-confirm", ask.company.slug, ask.point.slug, token=token)
    return SeeOther(f"{path}?{page.query(request, seen.pinned.language)}")


def _evidence(
    request: HttpRequest, ask: Ask, seen: Seen, said: Answer, *, fields: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """What would convince an auditor: the words shown, what was ticked and typed, when, and from where."""
    return {
        **seen.statement.evidence(seen.version, said=lambda box: {"ticked": box in said.ticked}),
        "shown_at": moment(seen.pinned.shown_at),
        "sent_at": moment(now),
        "typed": reading.typed_number(fields),
        "number": said.contact.value,
        "address": http.client_address(request),
        "peer": str(request.META.get("REMOTE_ADDR", "")),
        "forwarded_for": http.header(request, "X-Forwarded-For"),
        "user_agent": http.header(request, "User-Agent"),
        "accept_language": http.header(request, "Accept-Language"),
        "embedded_in": seen.pinned.host,
        "confirmation": str(ask.point.confirmation),
        **guardian.evidence(said.guardian, language=seen.pinned.language),
    }
