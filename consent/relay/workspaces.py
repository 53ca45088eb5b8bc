"""Telling a RapidPro or Weni workspace: fields and groups of each contact."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from consent import history, opening
from consent.canonical import moment
from consent.contact import TEL, WHATSAPP_USER_ID
from consent.history import Standing
from consent.models import Purpose, Subscription
from consent.providers import rapidpro
from consent.providers.rapidpro import Workspace
from consent.relay import doors
from consent.relay.changes import Change
from consent.relay.doors import Trouble
from consent.vocabulary import Category

log = logging.getLogger(__name__)

OPT_IN = "marketing_opt_in"  # Weni's own field, which it writes as "true" and "false"
LONGEST_NAME = 36  # of a field, RapidPro's limit


def tell(subscription: Subscription, changes: Sequence[Change], *, at: datetime) -> int:
    """Bring the contacts of some changes up to where their people stand now. Raises Trouble.

    The same again changes nothing there. Whoever was erased is known to nobody any more, and so is their contact.
    """
    try:
        _Teller(subscription, at=at).tell({UUID(change.entry["subject"]) for change in changes})
    except rapidpro.TembaException as error:
        raise trouble(error) from None
    return 200


def trouble(error: rapidpro.TembaException) -> Trouble:
    """What went wrong with a workspace, as a subscriber's trouble."""
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
