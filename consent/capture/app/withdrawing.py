"""A withdrawal that an app or a desk hands in: for one purpose, one channel, or everything."""

from collections.abc import Mapping
from datetime import datetime

from consent import withdrawing
from consent.api import moments
from consent.api.keys import Holder
from consent.canonical import moment
from consent.capture.app import METHOD, idempotency
from consent.capture.app.said import Withdrawal
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Company, Purpose
from consent.recording import Recorded
from consent.vocabulary import Channel
from consent.withdrawing import Stop


def read(
    withdrawal: Withdrawal, *, holder: Holder, key: str, caller: Mapping[str, str], now: datetime
) -> Stop:
    """What is withdrawn, also by somebody never heard of: on each channel, unless one is named."""
    company = Company.objects.get(pk=holder.company)
    purpose = _purpose(withdrawal.purpose, company)
    contact = _contact(withdrawal.contact, company)
    said_at = (
        moments.read(withdrawal.said_at, pointer="said_at", now=now)
        if withdrawal.said_at is not None
        else now
    )
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
    return Stop(
        company=company, contact=contact, purpose=purpose,
        channels=tuple(channel.value for channel in channels), language=company.language, said_at=said_at,
        method=METHOD.slug, evidence=evidence, reference=idempotency.reference(key),
        entity=f"app:{holder.key}",
    )  # fmt: skip


def record(stop: Stop) -> Recorded:
    """Record a withdrawal, in force when this returns. Raises withdrawing.Kept where it waits on disk."""
    recorded = withdrawing.record(stop)
    idempotency.check(recorded, stop.evidence[idempotency.REQUEST])
    return recorded


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
        return Contact.stopping(text, company.country)
    except BadInput as error:
        error.pointer = "contact"
        raise
