"""What a person said, as a value: the only thing the door takes in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from consent import vault
from consent.contact import Contact
from consent.models import CapturePoint, Company, NoticeVersion, Purpose, Sender
from consent.outgoing import Button, Outgoing, Template
from consent.vocabulary import Possession

IMPORTED = "import"  # the method of what a list says: a claim, which nobody was shown a notice of ours for
TIME = "time"  # the method of what the passing of time ends, by a company's own rule: nobody said anything


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A scan or recording that belongs to the evidence."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentEvent:
    """One person, one purpose, one channel, one state, one notice, one act.

    `evidence` holds what would convince an auditor, and personal data lives there and only there. `reference`
    is the source's own id after the source's name ("sms:SM...", "website:<nonce>"): the same reference again
    is the same act. `entity` is who acted: "subject", "staff:<id>", "app:<key id>" or "platform:<name>". A
    withdrawal without a purpose speaks of every purpose on the channel. `clock` is whose clock `event_time` is by,
    such as "meta"; empty for our own. `valid_days` is how long a yes counts where that is not as the purpose says,
    because it was recorded elsewhere before. `origin` is what brought the person (vocabulary.Origin), kept beside
    the records and not in them.
    """

    company: Company
    contact: Contact
    purpose: Purpose | None
    channel: str
    state: str
    notice: NoticeVersion | None
    language: str
    event_time: datetime
    clock: str = ""
    method: str
    evidence: Mapping[str, Any]
    reference: str
    entity: str = "subject"
    possession: str = Possession.NONE
    point: CapturePoint | None = None
    files: tuple[File, ...] = ()
    valid_days: int | None = None
    origin: str = ""


class Keys(NamedTuple):
    """How an act is found again: the keyed hashes of its contact and of its reference."""

    lookup: bytes
    reference: bytes


def keys_of(company: int, contact: Contact, *, reference: str) -> Keys:
    """The keys of an act of that contact with that reference."""
    return Keys(vault.lookup(company, contact), vault.reference_key(company, reference))


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """A message to queue with the act, in the same transaction. `kind` is an OutboundMessage.Kind.

    The rest is as in outgoing.Outgoing. One that `is_sent` is not queued: it leaves with the answer to the webhook
    that recorded the act.
    """

    kind: str
    sender: Sender
    text: str
    buttons: tuple[Button, ...] = ()
    template: Template | None = None
    flow: str = ""
    call: str = ""
    is_sent: bool = False

    def to(self, contact: Contact) -> Outgoing:
        """What leaves for `contact`."""
        return Outgoing(
            to=contact, text=self.text, buttons=self.buttons, template=self.template, flow=self.flow,
            call=self.call,
        )  # fmt: skip
