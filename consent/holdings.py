"""Everything that is held about one person, table by table, for the person alone."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from consent import history, inbound, opening, rights, vault
from consent.canonical import moment
from consent.models import (
    AuditItem,
    Call,
    CodeTry,
    Company,
    ConsentRecord,
    ContactPoint,
    ContactTrouble,
    EvidenceFile,
    Hold,
    InboundMessage,
    LegalHold,
    Opening,
    OutboundMessage,
    PaperPage,
    PersonSource,
    RightsRequest,
    Sending,
    Visit,
)

type Item = dict[str, Any]


def read(subject: UUID, *, company: Company) -> dict[str, list[Item]]:
    """What a company holds about a person, by the name of its part; of nobody else. Raises opening.Erased."""
    ids = history.ids_of([subject])[subject]
    opening.key_of(subject)
    points = list(ContactPoint.objects.filter(subject__in=ids, company=company.pk))
    keys = {vault.number_key(opening.opened(point)): point.ended_at for point in points}
    acts = ConsentRecord.objects.filter(subject__in=ids).values("act")
    return {
        "contacts": [_contact(point) for point in points if not point.is_former],
        "records": [_record(one) for one in _records(ids)],
        "evidence": list(_evidence(ids)),
        "files": [_named(file) for file in files(ids)],
        "messages_to_you": list(_sent(ids, keys, company)),
        "messages_from_you": list(_received(keys, company)),
        "unclear_messages": list(_held(ids)),
        "delivery_troubles": [
            _plain(one, "channel", "kind", "cause", "times", "since", "seen_at", "until")
            for one in ContactTrouble.objects.filter(subject__in=ids)
        ],
        "sendings": [_plain(one, "channel", "sent_at") for one in Sending.objects.filter(subject__in=ids)],
        "paper_pages": [
            _plain(one, "number", "serial", "committed_at") for one in PaperPage.objects.filter(act__in=acts)
        ],
        "calls": [
            _plain(one, "stage", "language", "started_at", "asked_at", "act")
            for one in Call.objects.filter(act__in=acts)
        ],
        "code_tries": list(_tries(ids, keys)),
        "sources": [
            _plain(one, "channel", "method", "language", "entity", "origin", "agreed_at", "is_stopped")
            for one in PersonSource.objects.filter(subject__in=ids)
        ],
        "drawn_for_checks": [
            {"record": str(one.record.uid)} | _plain(one, "number")
            for one in AuditItem.objects.filter(record__subject__in=ids).select_related("record")
        ],
        "opened_by_staff": [
            _plain(one, "opened_at", "act") for one in Opening.objects.filter(subject__in=ids)
        ],
        "visits": [
            _plain(one, "wish", "created_at", "proved_at")
            for one in Visit.objects.filter(number_key__in=list(keys))
        ],
        "requests": list(_requests(ids)),
        "legal_holds": [
            _plain(one, "since", "ended_at") for one in LegalHold.objects.filter(subject__in=ids)
        ],
    }


def files(ids: set[UUID]) -> list[EvidenceFile]:
    """The scans and recordings of a person."""
    return list(EvidenceFile.objects.filter(subject__in=ids).order_by("id"))


def _contact(point: ContactPoint) -> Item:
    contact = opening.opened(point)
    return {"scheme": contact.scheme, "value": contact.value} | _plain(point, "created_at", "ended_at")


def _records(ids: set[UUID]) -> Iterator[ConsentRecord]:
    found = ConsentRecord.objects.filter(subject__in=ids).select_related("purpose", "notice__notice", "point")
    return iter(found.order_by("arrival"))


def _record(record: ConsentRecord) -> Item:
    return {
        "purpose": record.purpose.slug if record.purpose else "*",
        "notice": str(record.notice) if record.notice else "",
        "capture_point": record.point.slug if record.point else "",
    } | _plain(
        record, "uid", "act_id", "channel", "state", "possession", "valid_days", "language", "method", "entity",
        "event_time", "recorded_at",
    )  # fmt: skip


def _evidence(ids: set[UUID]) -> Iterator[Item]:
    for one in sorted(ids):
        for act, evidence in opening.evidence_values_of(one).items():
            yield {"act": str(act), **evidence}


def _named(file: EvidenceFile) -> Item:
    return {"file": file_name(file)} | _plain(file, "act", "media_type")


def file_name(file: EvidenceFile) -> str:
    """What a scan or recording is called in the archive: by its id, whatever somebody called it."""
    ends = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "application/pdf": "pdf"}
    return f"files/{file.pk}.{ends.get(file.media_type, 'bin')}"


def _sent(ids: set[UUID], keys: dict[bytes, datetime | None], company: Company) -> Iterator[Item]:
    theirs = Q(subject__in=ids)
    for key, until in keys.items():
        theirs |= Q(subject=opening.NOBODY, number_key=key) & (Q(created_at__lt=until) if until else Q())
    messages = OutboundMessage.objects.filter(theirs, company=company).exclude(sealed=b"")
    for message in messages.order_by("created_at").distinct():
        said = opening.message_content(message)
        yield {"to": said["to"], "text": said["text"]} | _plain(
            message, "kind", "state", "created_at", "sent_at"
        )


def _received(keys: dict[bytes, datetime | None], company: Company) -> Iterator[Item]:
    for key, until in keys.items():
        came = InboundMessage.objects.filter(number_key=key, sender__company=company)
        for message in (came.filter(received_at__lt=until) if until else came).order_by("received_at"):
            yield {"content": dict(inbound.opened(message).parameters)} | _plain(
                message, "received_at", "provider"
            )


def _held(ids: set[UUID]) -> Iterator[Item]:
    for held in Hold.objects.filter(subject__in=ids).exclude(sealed=b""):
        yield {"content": opening.held_words(held)} | _plain(held, "channel", "said_at", "ended_at")


def _tries(ids: set[UUID], keys: dict[bytes, datetime | None]) -> Iterator[Item]:
    """How often a code was typed for an act, a visit, or for the number in a day; see `codes.take`."""
    acts = ConsentRecord.objects.filter(subject__in=ids).values_list("act", flat=True)
    visits = Visit.objects.filter(number_key__in=list(keys)).values_list("pk", flat=True)
    numbers = [UUID(bytes=key[:16]) for key, until in keys.items() if until is None]
    for one in CodeTry.objects.filter(act__in=[*acts, *visits, *numbers]):
        yield _plain(one, "tries", "first_at")


def _requests(ids: set[UUID]) -> Iterator[Item]:
    for one in RightsRequest.objects.filter(subject__in=ids).order_by("made_at"):
        said = {"asked": rights.wish(one), "answer": rights.answered(one)}
        yield said | _plain(one, "kind", "state", "made_at", "due_at", "closed_at")


def _plain(row: Any, *names: str) -> Item:
    """Some columns of a row, as JSON writes them; what is empty is left out."""
    values = {name.removesuffix("_id"): getattr(row, name) for name in names}
    return {name: _value(value) for name, value in values.items() if value not in (None, "")}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return value if isinstance(value, int) else str(value)


def as_json(held: dict[str, list[Item]], *, company: Company, name: str, at: datetime) -> bytes:
    """For other programs (LGPD art. 18 V, GDPR art. 20)."""
    about = {"company": company.legal_name, "written_at": moment(at)} | ({"name": name} if name else {})
    return json.dumps(about | held, ensure_ascii=False, indent=1).encode()
