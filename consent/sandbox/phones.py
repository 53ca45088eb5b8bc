"""What lies on the sandbox phones: messages that came and messages that were written, sealed."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import phonenumbers
from django.db.models import Exists, OuterRef
from django.utils import timezone

from consent import vault
from consent.canonical import canonical
from consent.contact import TEL, Contact
from consent.models import SandboxMessage

MOST_PHONES = 20
MOST_MESSAGES = 100


class Kind(StrEnum):
    RECEIVED = "received"  # the product wrote to the phone
    WRITTEN = "written"  # the person wrote to the product
    MADE = "made"  # the phone itself: nothing was said yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What went over the wire: a request and its answer, as anybody may look at them."""

    line: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    status: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message on a phone. `number` is the phone's own, `sender` the product's."""

    sid: str
    kind: Kind
    number: str
    sender: str = ""
    text: str = ""
    exchange: Exchange = field(default_factory=Exchange)
    at: datetime | None = None

    @property
    def is_delivered(self) -> bool:
        return 200 <= self.exchange.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A phone, found by a name that does not tell its number."""

    name: str
    number: str
    last: Message | None = None

    @property
    def shown_number(self) -> str:
        """The number as people write it."""
        parsed = phonenumbers.parse(self.number)
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def keep(message: Message) -> None:
    """Lay a message on its phone, or write down anew how sending it went."""
    content = {name: value for name, value in asdict(message).items() if name not in {"sid", "at"}}
    SandboxMessage.objects.update_or_create(
        sid=message.sid,
        defaults={"sealed": vault.seal_system(item=_item(message.sid), plaintext=canonical(content))},
        create_defaults={
            "sealed": vault.seal_system(item=_item(message.sid), plaintext=canonical(content)),
            "phone": _key(message.number),
            "created_at": timezone.now(),
        },
    )


def named(name: str) -> Phone | None:
    """The phone with this name, if anything lies on it."""
    try:
        key = urlsafe_b64decode(name + "=")
    except ValueError:
        return None
    row = SandboxMessage.objects.filter(phone=key).order_by("-created_at").first()
    return _phone(row) if row else None


def all_phones() -> list[Phone]:
    """Every phone, the one that was used last first."""
    newer = SandboxMessage.objects.filter(phone=OuterRef("phone"), created_at__gt=OuterRef("created_at"))
    rows = SandboxMessage.objects.filter(~Exists(newer)).order_by("-created_at")[:MOST_PHONES]
    return list({bytes(row.phone): _phone(row) for row in reversed(rows)}.values())[::-1]


def on(phone: Phone) -> list[Message]:
    """What lies on a phone, the oldest first; of very much, the newest."""
    rows = SandboxMessage.objects.filter(phone=_key(phone.number)).order_by("-created_at", "-sid")[
        :MOST_MESSAGES
    ]
    return [message for message in _opened(reversed(rows)) if message.kind != Kind.MADE]


def name_of(number: str) -> str:
    """The name of the phone with a number, fit for an address."""
    return urlsafe_b64encode(_key(number)).decode().rstrip("=")


def find(sid: str) -> Message | None:
    """The message with an id."""
    row = SandboxMessage.objects.filter(pk=sid).first()
    return next(_opened([row]), None) if row else None


def _phone(row: SandboxMessage) -> Phone:
    message = next(_opened([row]))
    return Phone(
        name=name_of(message.number),
        number=message.number,
        last=None if message.kind == Kind.MADE else message,
    )


def _opened(rows: Iterable[SandboxMessage]) -> Iterator[Message]:
    for row in rows:
        content: dict[str, Any] = json.loads(vault.open_system(item=_item(row.sid), sealed=bytes(row.sealed)))
        exchange = Exchange(**content.pop("exchange"))
        yield Message(
            sid=row.sid, at=row.created_at, kind=Kind(content.pop("kind")), exchange=exchange, **content
        )


def _key(number: str) -> bytes:
    return vault.number_key(Contact(TEL, number))


def _item(sid: str) -> bytes:
    return b"sandbox" + sid.encode()
