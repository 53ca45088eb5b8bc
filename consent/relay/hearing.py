"""Hearing from a RapidPro or Weni workspace: who stopped there, and whom it knows."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from consent import history, recording, vault
from consent.contact import Contact
from consent.errors import BadInput
from consent.history import Standing
from consent.models import ContactPoint, LogEntry, Subscription
from consent.providers import rapidpro
from consent.recording import ConsentEvent
from consent.relay import doors
from consent.relay.workspaces import OPT_IN, trouble, workspace
from consent.vocabulary import Channel, State

PULL_EVERY = timedelta(minutes=1)
METHOD = "rapidpro"
MOST_CONTACTS = 50_000  # brought in at once


def is_due(subscription: Subscription, now: datetime) -> bool:
    """Whether it is time to look who stopped in a workspace."""
    last = subscription.pulled_until
    return subscription.kind == Subscription.Kind.RAPIDPRO and (last is None or last + PULL_EVERY <= now)


def pull(subscription: Subscription, *, at: datetime) -> int:
    """Record as withdrawals who stopped in a workspace since the last time; returns how many. Raises Trouble."""
    count = 0
    try:
        for page in workspace(subscription).get_contacts(after=subscription.pulled_until).iterfetches():
            for contact in page:
                if contact.status == "stopped":
                    count += _stop(subscription, contact.uuid, contact.urns, contact.modified_on or at, at=at)
    except rapidpro.TembaException as error:
        raise trouble(error) from None
    Subscription.objects.filter(pk=subscription.pk).update(pulled_until=at)
    subscription.pulled_until = at
    return count


def _stop(
    subscription: Subscription, number: str, urns: Sequence[str], stopped_at: datetime, *, at: datetime
) -> int:
    """Withdraw everything of a contact that stopped there, once for each yes it ended."""
    count = 0
    for urn in urns:
        contact = read_urn(urn)
        if contact is None:
            continue
        standings = _standings(subscription, contact, at=at)
        yes = _newest_yes(standings)
        if yes is None and any(purpose is None for _channel, purpose in standings):
            continue  # they stopped everything before
        if yes is not None and _is_newer_than_told(subscription, yes):
            continue  # they agreed again, and the workspace does not know it yet
        count += _withdraw(subscription, contact, number, yes, min(stopped_at, at))
    return count


def _standings(
    subscription: Subscription, contact: Contact, *, at: datetime
) -> dict[tuple[str, int | None], Standing]:
    lookup = vault.lookup(subscription.company_id, contact)
    point = ContactPoint.objects.filter(lookup=lookup, is_former=False).first()
    return history.standings(point.subject, at=at) if point else {}


def _newest_yes(standings: dict[tuple[str, int | None], Standing]) -> UUID | None:
    """The newest record by which somebody may be written to."""
    given = [one for one in standings.values() if one.is_given and one.record and one.since]
    newest = max(given, key=lambda one: (one.since, one.record), default=None)
    return newest.record if newest else None


def _is_newer_than_told(subscription: Subscription, record: UUID) -> bool:
    index = LogEntry.objects.filter(id=record).values_list("index", flat=True).first()
    return index is None or index >= subscription.position


@transaction.atomic
def _withdraw(
    subscription: Subscription, contact: Contact, number: str, yes: UUID | None, stopped_at: datetime
) -> int:
    # By the yes it ends, not by the time: the workspace changes that with every field it is told.
    reference = f"{METHOD}:{subscription.pk}:{number}:{yes or 'none'}:{contact.canonical}"
    evidence = {
        "workspace": doors.open_(subscription).url,
        "contact": number,
        "number": contact.value,
        "status": "stopped",
    }
    recorded = recording.record(
        *(
            ConsentEvent(
                company=subscription.company, contact=contact, purpose=None, channel=channel,
                state=State.WITHDRAWN, notice=None, language=subscription.company.language,
                event_time=stopped_at, clock=METHOD, method=METHOD, entity=f"platform:{METHOD}",
                evidence=evidence, reference=reference,
            )
            for channel in Channel.values
        )
    )  # fmt: skip
    return int(recorded.is_new)


def read_urn(urn: str) -> Contact | None:
    """The contact that a workspace names; None for what we do not write to."""
    scheme, _, value = urn.partition(":")
    try:
        if scheme in ("tel", "whatsapp"):
            return Contact.reported(value.partition("#")[0])
    except BadInput:
        return None
    return None


def contacts(subscription: Subscription) -> Iterator[dict[str, str]]:
    """The contacts of a workspace as rows of a list, for `imports`. Raises Trouble."""
    count = 0
    try:
        for page in workspace(subscription).get_contacts().iterfetches():
            for one in page:
                for urn in one.urns:
                    contact = read_urn(urn)
                    if contact is None:
                        continue
                    said = str((one.fields or {}).get(OPT_IN) or "")
                    yield {
                        "contact": contact.value,
                        OPT_IN: "stopped" if one.status == "stopped" else said,
                        "date_created": one.created_on.date().isoformat() if one.created_on else "",
                        "language": str(one.language or ""),
                        "reference": f"contact {one.uuid}",
                    }
                    count += 1
                    if count == MOST_CONTACTS:
                        return
    except rapidpro.TembaException as error:
        raise trouble(error) from None
