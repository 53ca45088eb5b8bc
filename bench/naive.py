"""What a typical developer writes: a django-ninja view, the ORM, Django's default middleware.

It writes the same rows with the same sealing as the product, in one transaction on a kept connection. It takes JSON,
renders nothing and checks no token, which is in its favour.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.naive_settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

import json
import secrets
from datetime import datetime

import phonenumbers
from django.db import transaction
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from ninja import NinjaAPI, Schema

from consent import vault
from consent.contact import Contact
from consent.models import (
    Act,
    CapturePoint,
    ConsentRecord,
    ContactPoint,
    Evidence,
    LogPending,
    OutboundMessage,
    SubjectKey,
)

api = NinjaAPI(docs_url=None, openapi_url=None)


class Form(Schema):
    phone: str
    boxes: int


class Kept(Schema):
    act: str


@api.post("/capture", response=Kept)
def capture(request: HttpRequest, form: Form) -> Kept:
    """Record what somebody ticked, and queue the message that asks them to confirm."""
    number = phonenumbers.parse(form.phone, "BR")
    assert phonenumbers.is_valid_number(number)
    contact = Contact("tel", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    point = CapturePoint.objects.select_related("company", "notice", "sender").get(
        company__slug="aurora", slug="novidades"
    )
    with transaction.atomic():
        return Kept(act=str(_write(request, point, contact, form.boxes)))


def _write(request: HttpRequest, point: CapturePoint, contact: Contact, boxes: int) -> object:
    now = timezone.now()
    company, version = point.company, point.notice.current
    assert version is not None
    lookup = vault.lookup(company.pk, contact)
    known = ContactPoint.objects.filter(lookup=lookup).first()
    if known:
        subject = known.subject
        key = vault.unwrap(SubjectKey.objects.get(subject=subject).wrapped)
    else:
        subject = vault.new_id()
        key, wrapped = vault.new_subject_key()
        SubjectKey.objects.create(subject=subject, company=company.pk, wrapped=wrapped)
        where = vault.new_id()
        sealed = vault.seal(key, item=b"contact" + where.bytes, plaintext=contact.value.encode())
        ContactPoint.objects.create(
            id=where,
            subject=subject,
            company=company.pk,
            scheme="tel",
            lookup=lookup,
            sealed=sealed,
            created_at=now,
        )
    act = Act.objects.create(
        id=vault.new_id(),
        company=company,
        subject=subject,
        reference=secrets.token_bytes(32),
        recorded_at=now,
    )
    evidence = json.dumps(_evidence(request, version.wordings["pt-BR"]["screen"], contact, now)).encode()
    salt = secrets.token_bytes(32)
    Evidence.objects.create(
        act=act.pk,
        subject=subject,
        sealed=vault.seal(key, item=b"evidence" + act.pk.bytes, plaintext=salt + evidence),
    )
    for offer in point.offers.select_related("purpose")[:boxes]:
        record = ConsentRecord.objects.create(
            uid=vault.new_id(), act=act, company=company, subject=subject, purpose=offer.purpose,
            channel=offer.channel, state="requested", possession="none", valid_days=offer.purpose.validity_days,
            point=point, notice=version, language="pt-BR", method="website", entity="subject", event_time=now,
            recorded_at=now,
        )  # fmt: skip
        entry = {
            "act": str(act.pk), "channel": record.channel, "company": company.slug, "entity": "subject",
            "event_time": now.isoformat(), "evidence": vault.commitment(salt, evidence), "id": str(record.uid),
            "language": "pt-BR", "method": "website", "notice": version.digest, "point": point.slug,
            "possession": "none", "purpose": offer.purpose.slug, "recorded_at": now.isoformat(),
            "state": "requested", "subject": str(subject), "type": "consent", "valid_days": record.valid_days,
        }  # fmt: skip
        LogPending.objects.create(id=record.uid, arrival=now, data=json.dumps(entry, sort_keys=True).encode())
    message = vault.new_id()
    text = json.dumps(
        {"to": contact.value, "text": f"{company.name}: reply JOIN. Code {vault.code(act.pk)}."}
    )
    OutboundMessage.objects.create(
        id=message, company=company, sender=point.sender, subject=subject, act=act.pk,
        number_key=vault.number_key(contact), kind="ask", state="queued", created_at=now, due_at=now,
        sealed=vault.seal(key, item=b"message" + message.bytes, plaintext=text.encode()),
    )  # fmt: skip
    return act.pk


def _evidence(request: HttpRequest, text: str, contact: Contact, now: datetime) -> dict[str, object]:
    return {
        "text": text,
        "number": contact.value,
        "sent_at": now.isoformat(),
        "address": request.META["REMOTE_ADDR"],
        "user_agent": request.headers.get("User-Agent", ""),
        "accept_language": request.headers.get("Accept-Language", ""),
    }


urlpatterns = [path("", api.urls)]
