"""What is on record, for programs: a person's timeline, the receipt of an act, the proof of a record."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import ConfigDict, StringConstraints

from consent import history, vault
from consent.api import breaker, v1
from consent.canonical import moment
from consent.contact import Contact
from consent.errors import BadInput
from consent.log import proofs
from consent.models import ApiKey, ConsentRecord, ContactPoint, Purpose
from consent.proof import account, dpv, tlog_proof

router = Router(auth=v1.Key(ApiKey.Scope.RECORDS.value), tags=["Records"])

MOST = 200  # records of a page
_CURSORS = signing.Signer(salt="consent.api.cursor")


class Find(Schema):
    """Whom to look for."""

    model_config = ConfigDict(extra="forbid", strict=True)
    contact: Annotated[str, StringConstraints(max_length=100)]


class Found(Schema):
    """The person's id, which is random and says nothing about them; null for somebody never heard of."""

    subject: str | None


class RecordRow(Schema):
    """One record of a timeline."""

    id: str
    act: str
    purpose: str | None
    channel: str
    state: str
    method: str
    notice: str | None
    language: str
    possession: str
    entity: str
    event_time: str
    recorded_at: str


class StandingRow(Schema):
    """Where the person stands now for a purpose on a channel."""

    purpose: str | None
    channel: str
    state: str
    since: str | None
    until: str | None
    record: str | None


class Timeline(Schema):
    """Records in the order in which they arrived, and where the person stands now."""

    subject: str
    records: list[RecordRow]
    standings: list[StandingRow]
    next: str | None


@router.post("/subjects/find", response=Found, summary="Find a person by number")
@v1.parameters()
def find(request: HttpRequest, payload: Find) -> Found:
    """The id under which a person's records stand. A POST, because a number must not stand in an address."""
    try:
        contact = Contact.tel(payload.contact)
    except BadInput as error:
        error.pointer = "contact"
        raise
    point = ContactPoint.objects.filter(
        lookup=vault.lookup(_company(request), contact), is_former=False
    ).first()
    if point is None:
        breaker.check([contact], v1.holder(request))
    return Found(subject=str(point.subject) if point else None)


@router.get("/subjects/{subject}/timeline", response=Timeline, summary="A person's timeline")
@v1.parameters("cursor", "limit")
def timeline(
    request: HttpRequest,
    subject: UUID,
    cursor: Annotated[str | None, Query()] = None,
    limit: Annotated[v1.Count, Query(ge=1, le=MOST)] = 50,
) -> Timeline:
    """Every record of a person, oldest first, page by page: send `next` back as `cursor` until it is null."""
    ids = history.ids_of([subject])[subject]
    records = ConsentRecord.objects.filter(subject__in=ids, company=_company(request))
    if not records.exists():
        raise Http404("Nothing is on record about this person.")
    after = _read_cursor(cursor, subject) if cursor is not None else -1
    page = list(
        records.filter(arrival__gt=after)
        .select_related("purpose", "notice__notice")
        .order_by("arrival")[: limit + 1]
    )
    more = page[limit - 1].arrival if len(page) > limit else None
    return Timeline(
        subject=str(subject),
        records=[_row(record) for record in page[:limit]],
        standings=_standings(subject, _company(request), at=timezone.now()),
        next=_CURSORS.sign_object([str(subject), more]) if more is not None else None,
    )


@router.get("/acts/{act}/receipt", response=dict[str, object], summary="The receipt of an act")
@v1.parameters()
def receipt(request: HttpRequest, act: UUID) -> dict[str, object]:
    """The receipt in ISO/IEC TS 27560 fields and W3C DPV terms, as JSON-LD."""
    found = account.read(act)
    if found is None or found.company.pk != _company(request):
        raise Http404("No such act.")
    logged = tlog_proof.of_records([record.uid for record in found.records])
    return dpv.receipt(found, logged)


@router.get(
    "/records/{record}/proof",
    summary="The proof of a record",
    openapi_extra={
        "responses": {
            200: {"description": "OK", "content": {proofs.MEDIA_TYPE: {"schema": {"type": "string"}}}}
        }
    },
)
@v1.parameters()
def proof(request: HttpRequest, record: UUID) -> HttpResponse:
    """The proof that the record is in the published log (C2SP tlog-proof), which other people's tools verify."""
    if not ConsentRecord.objects.filter(uid=record, company=_company(request)).exists():
        raise Http404("No such record.")
    logged = tlog_proof.of_records([record]).get(record)
    if logged is None:
        raise BadInput("log.waiting", "The record waits for its place in the log; ask again.", status=409)
    return HttpResponse(str(logged.proof), content_type=proofs.MEDIA_TYPE)


def _company(request: HttpRequest) -> int:
    return v1.holder(request).company


def _read_cursor(cursor: str, subject: UUID) -> int:
    try:
        whose, arrival = _CURSORS.unsign_object(cursor)
    except (signing.BadSignature, ValueError) as error:
        raise BadInput(
            "cursor.unknown", "This is no cursor of ours.", status=400, pointer="cursor"
        ) from error
    if whose != str(subject):
        raise BadInput("cursor.unknown", "This cursor belongs elsewhere.", status=400, pointer="cursor")
    return int(arrival)


def _row(record: ConsentRecord) -> RecordRow:
    return RecordRow(
        id=str(record.uid),
        act=str(record.act_id),
        purpose=record.purpose.slug if record.purpose else None,
        channel=record.channel,
        state=record.state,
        method=record.method,
        notice=f"{record.notice.notice.slug} {record.notice.number}" if record.notice else None,
        language=record.language,
        possession=record.possession,
        entity=record.entity,
        event_time=moment(record.event_time),
        recorded_at=moment(record.recorded_at),
    )


def _standings(subject: UUID, company: int, *, at: datetime) -> list[StandingRow]:
    slugs = dict(Purpose.objects.filter(company=company).values_list("pk", "slug"))
    return [
        StandingRow(
            purpose=slugs.get(purpose) if purpose is not None else None,
            channel=channel,
            state=standing.state,
            since=moment(standing.since) if standing.since else None,
            until=moment(standing.until) if standing.until else None,
            record=str(standing.record) if standing.record else None,
        )
        for (channel, purpose), standing in sorted(
            history.standings(subject, at=at).items(), key=lambda item: (item[0][0], item[0][1] or 0)
        )
    ]
