"""Telling a RapidPro or Weni workspace: fields and groups of each contact; and hearing from it who stopped there."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from consent import history, opening, recording, vault
from consent.canonical import moment
from consent.contact import TEL, WHATSAPP_USER_ID, Contact
from consent.errors import BadInput
from consent.history import Standing
from consent.models import ContactPoint, LogEntry, Purpose, Subscription
from consent.providers import rapidpro
from consent.providers.rapidpro import Workspace
from consent.recording import ConsentEvent
from consent.relay import doors
from consent.relay.changes import Change
from consent.relay.doors import Trouble
from consent.vocabulary import Category, Channel, State

log = logging.getLogger(__name__)

PULL_EVERY = timedelta(minutes=1)
METHOD = "rapidpro"
OPT_IN = "marketing_opt_in"  # Weni's own field, which it writes as "true" and "false"
LONGEST_NAME = 36  # of a field, RapidPro's limit


def tell(subscription: Subscription, changes: Sequence[Change], *, at: datetime) -> int:
    """Bring the contacts of some changes up to where their people stand now. Raises Trouble.

    The same again changes nothing there. Whoever was erased is known to nobody any more, and so is their contact.
    """
    try:
        _Teller(subscription, at=at).tell({UUID(change.entry["subject"]) for change in changes})
    except rapidpro.TembaException as error:
        raise _trouble(error) from None
    return 200


def _trouble(error: rapidpro.TembaException) -> Trouble:
    if isinstance(error, rapidpro.TembaRateExceededError):
        return Trouble("rate.exceeded", status=429, wait=float(error.retry_after) or None)
    if isinstance(error, rapidpro.TembaTokenError):
        return Trouble("token.refused", status=403)
    if isinstance(error, rapidpro.TembaConnectionError):
        return Trouble("egress.connection")
    return Trouble("answer.refused")


def workspace(subscription: Subscription) -> Workspace:
    """The client of a subscriber's workspace. Raises SealBroken."""
    door = doors.open_(subscription)
    return Workspace(door.url, door.secret)


class _Teller:
    def __init__(self, subscription: Subscription, *, at: datetime) -> None:
        self._number = subscription.pk
        self._company = subscription.company
        self._client = workspace(subscription)
        self._at = at
        self._purposes = {purpose.pk: purpose for purpose in self._company.purposes.all()}
        self._fields: dict[str, str] | None = None  # name: key
        self._groups: dict[str, str] | None = None  # name: uuid

    def tell(self, subjects: set[UUID]) -> None:
        joined: dict[str, list[str]] = {}
        left: dict[str, list[str]] = {}
        found = history.standings_of(subjects, at=self._at)
        for subject in sorted(subjects):
            standings = found.get(subject, {})
            for urn in _urns(subject):
                try:
                    known = self._client.update_contact(urn, fields=self._values(standings))
                except rapidpro.TembaBadRequestError:
                    # One number that a workspace does not take must not keep all the others from it.
                    log.warning("Workspace of subscriber %s does not take person %s.", self._number, subject)
                    continue
                for key, standing in standings.items():
                    if name := self._name(*key):
                        (joined if standing.is_given else left).setdefault(name, []).append(urn)
                if known.status == "stopped" and any(one.is_given for one in standings.values()):
                    # They said yes again elsewhere, with proof: here it must not stay a no.
                    self._client.bulk_unblock_contacts([urn])
        for name, urns in joined.items():
            self._client.bulk_add_contacts(urns, self._group(name))
        for name, urns in left.items():
            self._client.bulk_remove_contacts(urns, self._group(name))

    def _values(self, standings: dict[tuple[str, int | None], Standing]) -> dict[str, str]:
        """The fields of a contact, in words."""
        values = {self._field(name): standings[key].state for key in standings if (name := self._name(*key))}
        offers = (
            one.is_given
            for (_channel, purpose), one in standings.items()
            if purpose in self._purposes and self._purposes[purpose].category == Category.MARKETING
        )
        values[self._field(OPT_IN)] = "true" if any(offers) else "false"
        values[self._field("Optin updated at")] = moment(self._at)
        return values

    def _name(self, channel: str, purpose: int | None) -> str:
        """What the field and the group of a purpose on a channel are called; "" for what has none."""
        known: Purpose | None = self._purposes.get(purpose) if purpose is not None else None
        return f"Optin {known.slug} {channel}".replace("_", " ")[:LONGEST_NAME] if known else ""

    def _field(self, name: str) -> str:
        """The key of a field, made where it is missing: RapidPro refuses to write a field it does not know."""
        if self._fields is None:
            fields = self._client.get_fields().all()
            self._fields = {one.name or one.key: one.key for one in fields} | {
                one.key: one.key for one in fields
            }
        if name not in self._fields:
            self._fields[name] = self._client.create_field(name=name.replace("_", " "), type="text").key
        return self._fields[name]

    def _group(self, name: str) -> str:
        if self._groups is None:
            self._groups = {one.name: one.uuid for one in self._client.get_groups().all()}
        if name not in self._groups:
            self._groups[name] = self._client.create_group(name=name).uuid
        return self._groups[name]


def _urns(subject: UUID) -> list[str]:
    """The addresses of a person as RapidPro writes them; none where they were erased."""
    found: list[str] = []
    for scheme in (TEL, WHATSAPP_USER_ID):
        try:
            contact = opening.contact_of(subject, scheme=scheme)
        except opening.Erased:
            return []
        if contact is not None:
            found.append(f"tel:{contact.value}" if scheme == TEL else f"whatsapp:{contact.value}")
    return found


# --- what comes back


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
        raise _trouble(error) from None
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


MOST_CONTACTS = 50_000  # brought in at once


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
        raise _trouble(error) from None
