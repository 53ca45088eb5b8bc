"""A withdrawal that an app or a desk hands in: for one purpose, one channel, or everything."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from consent import recording
from consent.api import moments
from consent.api.keys import Holder
from consent.canonical import moment
from consent.capture.app import METHOD, idempotency
from consent.capture.app.said import Withdrawal
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Company, Purpose
from consent.recording import ConsentEvent, Recorded
from consent.vocabulary import Channel, State


def record(
    withdrawal: Withdrawal, *, holder: Holder, key: str, caller: Mapping[str, str], now: datetime
) -> tuple[Recorded, Sequence[ConsentEvent]]:
    """Record the withdrawal, also of somebody never heard of: one record per channel, which it returns as well.

    In force when this returns.
    """
    company = Company.objects.get(pk=holder.company)
    purpose = _purpose(withdrawal.purpose, company)
    contact = _contact(withdrawal.contact, company)
    said_at = moments.read(withdrawal.said_at, pointer="said_at", now=now) if withdrawal.said_at else now
    asked = idempotency.fingerprint("withdrawal", withdrawal.model_dump())
    evidence = {
        "sent_at": moment(now),
        "said_at": moment(said_at),
        "typed": withdrawal.contact,
        "number": contact.value,
        "app": dict(withdrawal.evidence),
        "api_key": holder.key,
        idempotency.REQUEST: asked,
        **caller,
    }
    channels = [withdrawal.channel] if withdrawal.channel else list(Channel)
    events = [
        ConsentEvent(
            company=company, contact=contact, purpose=purpose, channel=channel.value,
            state=State.WITHDRAWN, notice=None, language=company.language, event_time=said_at,
            method=METHOD.slug, evidence=evidence, reference=idempotency.reference(key),
            entity=f"app:{holder.key}",
        )
        for channel in channels
    ]  # fmt: skip
    recorded = recording.record(*events)
    idempotency.check(recorded, asked)
    return recorded, events


def _purpose(slug: str | None, company: Company) -> Purpose | None:
    if slug is None:
        return None
    found = Purpose.objects.filter(company=company, slug=slug).first()
    if found is None:
        raise BadInput("purpose.unknown", "The company has no purpose with this name.", pointer="purpose")
    return found


def _contact(text: str, company: Company) -> Contact:
    """Who withdraws: a number that nobody could be asked at may still withdraw."""
    try:
        return Contact.tel(text, company.country)
    except BadInput as error:
        if error.code in ("phone.not_valid", "phone.type_blocked", "phone.country_not_enabled"):
            return Contact.reported(text)
        error.pointer = "contact"
        raise
