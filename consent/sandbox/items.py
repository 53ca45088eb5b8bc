"""What can lie on a sandbox phone: messages, calls, and how it is set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from consent.contact import written
from consent.vocabulary import Channel

MOST_EXCHANGES = 24  # of one item; a long call is the longest of them


class Kind(StrEnum):
    RECEIVED = "received"  # the product wrote to the phone
    WRITTEN = "written"  # the person wrote to the product
    CALL = "call"  # either rang the other
    MADE = "made"  # the phone itself, and how it is set


class Trouble(StrEnum):
    """What can be wrong with a phone, or switched off on it."""

    CUT = "cut"
    UNREACHABLE = "unreachable"
    STOPPED = "stopped"
    NO_OFFERS = "no-offers"
    UNSEEN = "unseen"

    @property
    def label(self) -> str:
        return str(LABELS[self][0])

    @property
    def hint(self) -> str:
        return str(LABELS[self][1])


LABELS = {
    Trouble.CUT: (
        _("The network is cut"),
        _("The provider takes nothing for this phone (503). Optin tries again until it does."),
    ),
    Trouble.UNREACHABLE: (
        _("The number cannot be reached"),
        _("Taken, then failed: 30003 by SMS, 131026 or 63024 on WhatsApp. That is no withdrawal."),
    ),
    Trouble.STOPPED: (
        _("Stopped at the carrier"),
        _("The provider refuses SMS with 21610, as after a STOP that Optin never saw. That is a withdrawal."),
    ),
    Trouble.NO_OFFERS: (
        _("Offers stopped in WhatsApp"),
        _("Approved messages fail with 131050 or 63014. The chat's own menu tells Optin as well."),
    ),
    Trouble.UNSEEN: (_("Read receipts are off"), _("Nobody is told that a message was read.")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What went over the wire: a request and its answer, as anybody may look at them."""

    line: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 0
    answer: str = ""
    is_ours: bool = False  # Optin asked, and the provider answered

    @property
    def is_fine(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button under a message: what is read on it, and what it carries."""

    title: str
    payload: str
    answers_flow: bool = False  # the payload is then the answer and the Flow's token


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a message and a call have in common. `number` is the phone's own, `sender` the product's."""

    sid: str
    kind: Kind
    number: str
    channel: str = Channel.SMS
    sender: str = ""
    wire: tuple[Exchange, ...] = ()
    at: datetime | None = None

    @property
    def exchange(self) -> Exchange:
        """How it began on the wire."""
        return self.wire[0] if self.wire else Exchange()

    def wired(self, *exchanges: Exchange) -> tuple[Exchange, ...]:
        """What went over the wire and now goes over it; of very much, the newest."""
        return (*self.wire, *exchanges)[-MOST_EXCHANGES:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Item):
    """A message on a phone; `state` is how far it got, `ahead` what the network will still say of it."""

    text: str = ""
    buttons: tuple[Button, ...] = ()
    pressed: str = ""
    is_template: bool = False
    is_note: bool = False  # nothing that was written: something that was switched
    is_seen: bool = False
    state: str = ""
    error: str = ""
    ahead: tuple[str, ...] = ()
    callback: str = ""  # where Twilio tells how far it got; what Meta echoes then

    @property
    def is_lost(self) -> bool:
        """Whether what the product wrote does not arrive."""
        return any(state.startswith(("failed", "undelivered")) for state in (self.state, *self.ahead))

    @property
    def is_delivered(self) -> bool:
        """Whether what was written got through, now or when it was sent again."""
        return any(exchange.is_fine and not exchange.is_ours for exchange in self.wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that was heard in a call, or done."""

    who: str  # "voice", "keys" or "note"
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Item):
    """A call; `state` is Twilio's CallStatus. `script` is the TwiML that is being followed, `place` where in it."""

    direction: str = "inbound"  # as Twilio sees it: inbound, or outbound-api
    state: str = "ringing"
    is_hidden: bool = False
    answered_by: str = ""
    url: str = ""  # where the script is asked for
    script: str = ""
    place: int = 0
    keys: str = ""  # pressed, not yet handed in
    gather: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    callback: str = ""
    events: tuple[str, ...] = ()
    detects: str = ""  # whether the product asked who picks up
    timeout: int = 60
    sequence: int = 0
    began: int = 0  # when it was picked up, in seconds of the epoch

    @property
    def is_alive(self) -> bool:
        return self.state in {"ringing", "in-progress"}

    @property
    def pressed(self) -> str:
        """The keys that were pressed, in their order."""
        return " ".join(line.text for line in self.lines if line.who == "keys")

    @property
    def last_words(self) -> Line | None:
        """What was said last."""
        return next((line for line in reversed(self.lines) if line.who == "voice"), None)

    @property
    def is_incoming(self) -> bool:
        """Whether it rings on the phone."""
        return self.direction != "inbound"

    @property
    def rings(self) -> bool:
        return self.is_incoming and self.state == "ringing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone, found by a name that does not tell its number."""

    name: str
    number: str
    troubles: frozenset[str] = frozenset()
    last: Message | Call | None = None

    @property
    def shown_number(self) -> str:
        """The number as people write it."""
        return written(self.number)
