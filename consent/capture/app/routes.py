"""The routes of the app's method, mounted into the API: verify, read, record, reply."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Header, Query, Router, Status

from consent import http, receipts
from consent.api import v1
from consent.capture.app import handing_in, showing, withdrawing
from consent.capture.app.said import ActOut, Consent, KeptOut, PointOut, RecordOut, Withdrawal
from consent.models import ApiKey, ConsentRecord
from consent.recording import ConsentEvent, Recorded
from consent.withdrawing import Kept

router = Router(auth=v1.Key(ApiKey.Scope.CONSENTS.value), tags=["App"])

IdempotencyKey = Annotated[str, Header(alias="Idempotency-Key")]


@router.get("/points/{point}", response=PointOut, summary="What to show")
@v1.parameters("language", "most_bytes")
def point(
    request: HttpRequest,
    point: str,
    language: Annotated[str | None, Query()] = None,
    most_bytes: Annotated[v1.Count | None, Query(ge=1)] = None,
) -> HttpResponse:
    """The words of a capture point in a language, its boxes, and the render token to send back with the answers.

    Show the whole text and every box unticked: the token proves which words were on the screen. A program that
    takes no more than `most_bytes` is refused (`point.too_long`) where the words are longer, for none may be left out.
    """
    ask = showing.asked(v1.holder(request).company, point)
    content = showing.shown_now(
        ask, showing.language_of(ask, language), most_bytes=most_bytes, now=timezone.now()
    )
    return HttpResponse(content, content_type="application/json; charset=utf-8")


@router.post("/consents", response={201: ActOut}, summary="Hand in what was answered")
@v1.parameters()
def consents(request: HttpRequest, idempotency_key: IdempotencyKey, payload: Consent) -> HttpResponse:
    """Record one answer per box. A yes is `given` at once where the company accepts the app's claim that it
    verified the number; else it is `requested`, and the person is asked at the number.
    """
    holder, now = v1.holder(request), timezone.now()
    seen = handing_in.verify(payload, holder=holder, now=now)
    recorded, events = handing_in.record(
        payload, seen, holder=holder, key=idempotency_key, caller=_caller(request), now=now
    )
    return _answer(_told(recorded, events))


@router.post("/withdrawals", response={201: ActOut, 202: KeptOut}, summary="Withdraw")
@v1.parameters()
def withdrawals(
    request: HttpRequest, idempotency_key: IdempotencyKey, payload: Withdrawal
) -> HttpResponse | Status[KeptOut]:
    """Record that somebody wants no more messages: for one purpose, on one channel, or at all. In force when
    this answers 201. A 202 says that the database takes nothing now: it is kept safe, and recorded as soon as that
    ends; the same request again then gets its receipt.
    """
    stop = withdrawing.read(
        payload, holder=v1.holder(request), key=idempotency_key, caller=_caller(request), now=timezone.now()
    )
    try:
        recorded = withdrawing.record(stop)
    except Kept:
        return Status(202, KeptOut())
    return _answer(_told(recorded, stop.events()))


def _caller(request: HttpRequest) -> Mapping[str, str]:
    """Which program handed it in, as evidence."""
    return {
        "caller_address": http.client_address(request),
        "caller_agent": http.header(request, "User-Agent"),
    }


def _answer(told: ActOut) -> HttpResponse:
    # Written here: ninja would read it through its schema once more, and make two responses of it.
    content = json.dumps(told.model_dump())
    return HttpResponse(content, status=201, content_type="application/json; charset=utf-8")


def _told(recorded: Recorded, events: Sequence[ConsentEvent]) -> ActOut:
    """The answer, made from the records alone: the same bytes however often it is asked for."""
    if recorded.is_new:
        records = [
            RecordOut(
                id=str(uid),
                purpose=event.purpose.slug if event.purpose else None,
                channel=str(event.channel),
                state=str(event.state),
            )
            for uid, event in zip(recorded.records, events, strict=True)
        ]
    else:
        records = [
            RecordOut(id=str(uid), purpose=purpose, channel=channel, state=state)
            for uid, purpose, channel, state in ConsentRecord.objects.filter(act=recorded.act).values_list(
                "uid", "purpose__slug", "channel", "state"
            )
        ]
    return ActOut(
        act=str(recorded.act),
        subject=str(recorded.subject),
        records=sorted(records, key=lambda record: (record.purpose or "", record.channel)),
        receipt=receipts.address(recorded.act),
    )
