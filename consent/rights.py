"""Requests about data: asked by a person, due by law, answered, extended or refused by staff, all on record."""

import calendar
import json
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent import history, journal, opening, vault
from consent.canonical import canonical
from consent.contact import LONGEST_TEXT
from consent.models import Company, LegalHold, RightsRequest

Kind, State = RightsRequest.Kind, RightsRequest.State
WAITING = (State.OPEN, State.EXTENDED)
LONGEST = 1000  # characters of a wish or an answer
LONGEST_NAME = LONGEST_TEXT
LGPD_DAYS = 15  # LGPD art. 19 II
GDPR_MONTHS = 1  # GDPR art. 12(3); two more where it is complex
GDPR_MORE_MONTHS = 2
_EEA = """AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"""
GDPR = frozenset(_EEA.split())


def due(company: Company, asked_at: datetime) -> datetime:
    """By when the law of the company's country wants an answer; elsewhere after OPTIN_RIGHTS_DAYS."""
    if company.country in GDPR:
        return _months_later(asked_at, GDPR_MONTHS)
    days = LGPD_DAYS if company.country == "BR" else settings.OPTIN_RIGHTS_DAYS
    return asked_at + timedelta(days=days)


def longer(request: RightsRequest) -> datetime:
    """Until when an answer may be put off, once."""
    if request.company.country in GDPR:
        return _months_later(request.due_at, GDPR_MORE_MONTHS)
    return request.due_at + (request.due_at - request.made_at)


def ask(
    company: Company, subject: UUID, kind: str, *, possession: str, language: str, at: datetime,
    text: str = "", name: str = "",
) -> RightsRequest:  # fmt: skip
    """Write down a request; the one that already waits where the same is asked again. Raises opening.Erased."""
    ids = history.ids_of([subject])[subject]
    with transaction.atomic():
        waiting = RightsRequest.objects.select_for_update().filter(
            company=company, subject__in=ids, kind=kind, state__in=WAITING
        )
        before = waiting.first()
        if before is not None:
            return before
        request = RightsRequest(
            id=vault.new_id(), company=company, subject=subject, kind=kind, possession=possession,
            language=language, made_at=at, due_at=due(company, at),
        )  # fmt: skip
        request.sealed = _seal(request, b"right", {"text": text[:LONGEST], "name": name[:LONGEST_NAME]})
        request.save(force_insert=True)
        _write_down("right_asked", request, at=at, entity="subject")
    return request


def answer(request: RightsRequest, state: str, *, text: str, by: str, at: datetime, name: str = "") -> bool:
    """Answer, refuse or put off a request, with what the person is told; whether it still waited for that.

    It is put off once, and not after its day. What was answered stays answered. A correction that is granted says
    which `name` counts from then on, the one the person wrote where none is given; what was said before stays.
    """
    with transaction.atomic():
        now = RightsRequest.objects.select_for_update().select_related("company").get(pk=request.pk)
        allowed = (State.OPEN,) if state == State.EXTENDED else WAITING
        if now.state not in allowed or (state == State.EXTENDED and at > now.due_at):
            return False
        if state == State.EXTENDED:
            now.due_at = longer(now)
        else:
            now.closed_at = at
        now.state, now.decided_by = state, by
        try:
            told = {"text": text[:LONGEST]}
            if now.kind == Kind.CORRECTION and state == State.DONE:
                told["name"] = (name or wish(now).get("name", ""))[:LONGEST_NAME]
            now.answer = _seal(now, b"answer", told)
        except opening.Erased:
            now.answer = b""  # nobody can read it any more: the person was erased
        now.save()
        _write_down("right_answered", now, at=at, entity=by, state=str(state))
    return True


def wish(request: RightsRequest) -> dict[str, str]:
    """What the person wrote: the text, and the name as it should be. Raises opening.Erased."""
    return _open(request, b"right", request.sealed)


def answered(request: RightsRequest) -> str:
    """What the person was told; "" where nothing is left of it."""
    try:
        return _open(request, b"answer", request.answer).get("text", "")
    except opening.Erased:
        return ""


def name_of(subject: UUID) -> str:
    """The person's name as last corrected (LGPD art. 18 III), under any of their ids; "" where it never was."""
    ids = history.ids_of([subject])[subject]
    granted = RightsRequest.objects.filter(subject__in=ids, kind=Kind.CORRECTION, state=State.DONE)
    for one in granted.order_by("-closed_at"):
        try:
            name = _open(one, b"answer", one.answer).get("name", "")
        except opening.Erased:
            continue
        if name:
            return name
    return ""


def hold(company: Company, subject: UUID, *, reason: str, by: str, at: datetime) -> LegalHold | None:
    """Forbid to erase a person until it is lifted; None where that was forbidden before."""
    with transaction.atomic():
        if held(subject) is not None:
            return None
        made = LegalHold.objects.create(
            id=vault.new_id(), company=company, subject=subject, reason=reason, since=at, by=by
        )
        journal.write(
            "legal_hold", company=company, at=at, subject=str(subject), hold=str(made.pk), entity=by
        )
    return made


def lift(found: LegalHold, *, by: str, at: datetime) -> bool:
    """Allow again to erase a person; whether it was forbidden until now."""
    with transaction.atomic():
        lasting = LegalHold.objects.filter(pk=found.pk, ended_at=None)
        if not lasting.update(ended_at=at, ended_by=by):
            return False
        journal.write(
            "legal_hold_lifted", company=found.company, at=at, subject=str(found.subject),
            hold=str(found.pk), entity=by,
        )  # fmt: skip
    return True


def held(subject: UUID) -> LegalHold | None:
    """What forbids to erase a person now, under any of their ids."""
    ids = history.ids_of([subject])[subject]
    return LegalHold.objects.filter(subject__in=ids, ended_at=None).first()


def _write_down(kind: str, request: RightsRequest, *, at: datetime, entity: str, **also: str) -> None:
    journal.write(
        kind, company=request.company, at=at, subject=str(request.subject), request=str(request.pk),
        right=str(request.kind), entity=entity, **also,
    )  # fmt: skip


def _seal(request: RightsRequest, use: bytes, value: dict[str, str]) -> bytes:
    return vault.seal(
        opening.key_of(request.subject), item=use + request.pk.bytes, plaintext=canonical(value)
    )


def _open(request: RightsRequest, use: bytes, sealed: bytes | memoryview) -> dict[str, str]:
    if not sealed:
        return {}
    opened = vault.open_sealed(
        opening.key_of(request.subject), item=use + request.pk.bytes, sealed=bytes(sealed)
    )
    return json.loads(opened)  # type: ignore[no-any-return]


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day some months later, or the last of that month (Regulation 1182/71 art. 3(2)(c))."""
    month = moment.month - 1 + months
    year, month = moment.year + month // 12, month % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
