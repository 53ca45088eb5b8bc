"""Recording the answer to what was asked: a yes or a no, to all the boxes of an act at once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from consent import guardian, history, opening, outbox, recording, vault
from consent.dialogue import guarding, questions
from consent.dialogue.heard import Heard
from consent.models import Act, ConsentRecord, OutboundMessage
from consent.recording import ConsentEvent, Recorded, Tell, tell_nobody
from consent.vocabulary import State


def confirm(
    act: UUID, *, possession: str, method: str, reference: str, evidence: Mapping[str, Any],
    tell: Tell = tell_nobody,
) -> Recorded | None:  # fmt: skip
    """Record that the person confirmed what an act requested; None when there is nothing to confirm any more.

    `tell` queues what they get for it. The same reference again is the same confirmation.
    """
    return _settle_one(
        act, State.GIVEN, possession=possession, method=method, reference=reference, evidence=evidence,
        tell=tell,
    )  # fmt: skip


def refuse(
    act: UUID, *, possession: str, method: str, reference: str, evidence: Mapping[str, Any]
) -> Recorded | None:
    """Record that the person refused what an act requested; None when there is nothing to refuse any more."""
    return _settle_one(
        act, State.REFUSED, possession=possession, method=method, reference=reference, evidence=evidence
    )


def _settle_one(
    act: UUID, state: State, *, possession: str, method: str, reference: str, evidence: Mapping[str, Any],
    tell: Tell = tell_nobody,
) -> Recorded | None:  # fmt: skip
    request = (
        ConsentRecord.objects.select_related("company", "point__sender__company").filter(act=act).first()
    )
    if request is None or request.point is None:
        return None
    try:
        contact = opening.contact_of(request.subject)
    except opening.Erased:
        return None
    if contact is None:
        return None
    sender = request.point.sender
    heard = Heard(
        sender, contact, method, f"{method}:{reference}", evidence, request.subject, request.language
    )
    return recorded_before(heard) or settle([act], state, heard, possession=possession, tell=tell)


def recorded_before(heard: Heard) -> Recorded | None:
    """What the same message recorded before; its reply was lost on the way."""
    reference = vault.reference_key(heard.sender.company_id, heard.reference)
    act = Act.objects.filter(reference=reference).first()
    if act is None:
        return None
    records = act.records.order_by("arrival").values_list("uid", flat=True)
    return Recorded(act.pk, act.subject, tuple(records), is_new=False)


def standing_yes(heard: Heard) -> UUID | None:
    """The act of the last yes that stands, unless somebody said a no or a stop since; else None."""
    if heard.subject is None:
        return None
    standings = history.standings(heard.subject, at=timezone.now()).values()
    stand = {standing.record for standing in standings if standing.is_given}
    said = ConsentRecord.objects.filter(subject__in=history.ids_of([heard.subject])[heard.subject])
    last = said.filter(Q(uid__in=stand) | Q(state__in=history.ENDS)).order_by("-arrival").first()
    return last.act_id if last is not None and last.uid in stand else None


def settle(
    acts: Sequence[UUID], state: State, heard: Heard, *, possession: str, tell: Tell = tell_nobody
) -> Recorded | None:
    """Record one answer to all the requests of some acts, as one act."""
    requests = questions.waiting(heard.subject).filter(act__in=acts)
    requested = list(requests.select_related("company", "purpose", "notice", "point"))
    limits = guarding.limits(requested, at=heard.said_at.at)
    if state == State.GIVEN:  # a child that came of age meanwhile speaks for itself
        requested = [one for one in requested if (days := limits[one.uid]) is None or days > 0]
    if not requested:
        return None
    evidence = {**heard.evidence, "answers": [questions.answered(act) for act in acts]}
    if guardians := guarding.of(requested):
        evidence[guardian.EVIDENCE] = [one.evidence() for one in guardians.values()]
    # Asked twice is answered once.
    boxes = {(request.channel, request.purpose_id): request for request in requested}
    recorded = recording.record(
        *(
            ConsentEvent(
                company=request.company, contact=heard.contact, purpose=request.purpose,
                channel=request.channel, state=state, notice=request.notice, language=request.language,
                event_time=heard.said_at.at, clock=heard.said_at.clock, method=request.method,
                reference=heard.reference, evidence=evidence, possession=possession, point=request.point,
                valid_days=limits[request.uid],
            )
            for request in boxes.values()
        ),
        tell=tell,
    )  # fmt: skip
    outbox.expire(OutboundMessage.objects.filter(act__in=acts))
    if state == State.GIVEN:
        outbox.release(heard.contact)
    return recorded
