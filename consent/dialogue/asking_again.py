"""Asking once more, because the person asks for it: the question of an act that grew too old unanswered."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent import catalogue, opening, recording
from consent.catalogue import Ask
from consent.dialogue import guarding, questions
from consent.models import ConsentRecord
from consent.recording import ConsentEvent, Recorded
from consent.vocabulary import State
from consent.wording import statement


def may_ask_again(act: UUID) -> bool:
    """Whether the very same question may still be asked: nothing of it was renamed, retired or erased."""
    return _again(act) is not None


def ask_again(act: UUID, *, evidence: Mapping[str, Any]) -> Recorded | None:
    """Request anew what an act requested, and ask its number again; once for each act. None where nobody may."""
    found = _again(act)
    if found is None:
        return None
    ask, requests = found
    first = requests[0]
    contact = opening.contact_of(first.subject)
    if contact is None:
        return None
    asked = {(request.purpose_id, request.channel) for request in requests}
    assert ask.version is not None, "found with it"
    shown = statement(ask, ask.version, first.language)
    boxes = [box for box in shown.boxes if (box.offer.purpose_id, box.offer.channel) in asked]
    whole = {**opening.evidence_of(act), "again": dict(evidence), "first_asked_in": str(act)}
    now = timezone.now()
    limits = guarding.limits(requests, at=now)
    if any(days is not None and days <= 0 for days in limits.values()):
        return None
    return recording.record(
        *(
            ConsentEvent(
                company=ask.company, contact=contact, purpose=request.purpose, channel=request.channel,
                state=State.REQUESTED, notice=request.notice, language=request.language,
                event_time=now, method=request.method, reference=f"again:{act}", evidence=whole,
                point=request.point, valid_days=limits[request.uid],
            )
            for request in requests
        ),
        tell=lambda new: [questions.asking(ask, boxes, first.language, new)],
    )  # fmt: skip


def _again(act: UUID) -> tuple[Ask, list[ConsentRecord]] | None:
    records = ConsentRecord.objects.filter(act=act, state=State.REQUESTED, purpose__isnull=False)
    requests = list(records.select_related("company", "purpose", "notice", "point").order_by("arrival"))
    point = requests[0].point if requests else None
    ask = catalogue.ask(requests[0].company.slug, point.slug) if point else None
    if ask is None or not ask.is_ready or ask.version != requests[0].notice:
        return None
    offered = {(offer.purpose_id, offer.channel) for offer in ask.offers}
    if not all((request.purpose_id, request.channel) in offered for request in requests):
        return None
    try:
        opening.key_of(requests[0].subject)
    except opening.Erased:
        return None
    return ask, requests
