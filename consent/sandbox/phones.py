"""Laying things on sandbox phones and finding them there, sealed."""

import json
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from consent import vault
from consent.canonical import canonical
from consent.contact import TEL, Contact
from consent.models import SandboxMessage
from consent.sandbox.items import Button, Call, Exchange, Item, Kind, Line, Message, Phone

MOST_PHONES = 20
MOST_MESSAGES = 100
MOST_ITEMS = MOST_PHONES * MOST_MESSAGES


def keep(item: Message | Call, *, due_at: datetime | None = None) -> None:
    """Lay something on its phone, or write down anew how it is; `due_at` is when the network goes on with it."""
    sealed = _seal(item)
    _row, is_new = SandboxMessage.objects.update_or_create(
        sid=item.sid,
        defaults={"sealed": sealed, "due_at": due_at},
        create_defaults={
            "sealed": sealed,
            "due_at": due_at,
            "phone": _key(item.number),
            "created_at": item.at or timezone.now(),
        },
    )
    if is_new:
        _forget_the_oldest()


def change[Lying: (Message, Call)](
    item: Lying, how: Callable[[Lying], Lying], *, due_at: datetime | None = None
) -> Lying:
    """Write down what became of something, from how it is now: two may be at it. It may be gone by then."""
    with transaction.atomic():
        row = SandboxMessage.objects.select_for_update().filter(pk=item.sid).first()
        if row is None:
            return item
        changed = how(next(_opened([row])))  # type: ignore[arg-type]
        keep(changed, due_at=due_at)
    return changed


def due() -> Message | Call | None:
    """What the network goes on with now, taken: nobody else gets it too."""
    now = timezone.now()
    waiting = SandboxMessage.objects.filter(due_at__lte=now)
    if not waiting.exists():
        return None
    with transaction.atomic():
        row = waiting.select_for_update().order_by("due_at").first()
        if row is None:
            return None
        SandboxMessage.objects.filter(pk=row.pk).update(due_at=None)
    # Outside the transaction: what does not open is taken all the same, and keeps no other waiting.
    return next(_opened([row]))


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


def on(phone: Phone) -> list[Message | Call]:
    """What lies on a phone, the oldest first; of very much, the newest."""
    rows = SandboxMessage.objects.filter(phone=_key(phone.number)).order_by("-created_at", "-sid")
    return [item for item in _opened(reversed(rows[:MOST_MESSAGES])) if item.kind != Kind.MADE]


def name_of(number: str) -> str:
    """The name of the phone with a number, fit for an address."""
    return urlsafe_b64encode(_key(number)).decode().rstrip("=")


def find(sid: str) -> Message | Call | None:
    """What has this id."""
    row = SandboxMessage.objects.filter(pk=sid).first()
    return next(_opened([row]), None) if row else None


def some_number() -> str:
    """A number to begin with, of the kind that Brazilian mobiles have; nothing is ever sent to it."""
    return f"+551198{random.SystemRandom().randrange(10**7):07d}"


def make(number: str) -> Phone:
    """The phone with a number; a new one, if nothing lies on it yet."""
    found = named(name_of(number))
    if found is None:
        _set(number, frozenset())
    return found or Phone(name=name_of(number), number=number)


def troubles(number: str) -> frozenset[str]:
    """What is wrong with the phone that has a number, or switched off on it."""
    row = SandboxMessage.objects.filter(pk=_setting(number)).first()
    return _troubles(row) if row else frozenset()


def trouble(phone: Phone, wrong: str, *, is_on: bool) -> Phone:
    """Switch one trouble of a phone on or off."""
    now = troubles(phone.number)
    changed = now | {wrong} if is_on else now - {wrong}
    _set(phone.number, changed)
    return replace(phone, troubles=changed)


def _set(number: str, wrong: frozenset[str]) -> None:
    # Older than anything on the phone, so that it is never what was used last.
    first = SandboxMessage.objects.filter(phone=_key(number)).order_by("created_at").first()
    at = first.created_at - timedelta(microseconds=1) if first else timezone.now()
    text = " ".join(sorted(wrong))
    keep(Message(sid=_setting(number), kind=Kind.MADE, number=number, text=text, at=at))


def _setting(number: str) -> str:
    return f"PN{_key(number).hex()[:32]}"


def _troubles(row: SandboxMessage) -> frozenset[str]:
    setting = next(_opened([row]))
    return frozenset(setting.text.split()) if isinstance(setting, Message) else frozenset()


def _forget_the_oldest() -> None:
    oldest = SandboxMessage.objects.order_by("-created_at").values_list("created_at", flat=True)
    too_old = oldest[MOST_ITEMS : MOST_ITEMS + 1].first()
    if too_old is not None:
        SandboxMessage.objects.filter(created_at__lte=too_old).delete()


def _phone(row: SandboxMessage) -> Phone:
    item = next(_opened([row]))
    return Phone(
        name=name_of(item.number),
        number=item.number,
        troubles=troubles(item.number),
        last=None if item.kind == Kind.MADE else item,
    )


def _seal(item: Item) -> bytes:
    content = {name: value for name, value in asdict(item).items() if name not in {"sid", "at"}}
    return vault.seal_system(item=_item(item.sid), plaintext=canonical(content))


def _opened(rows: Iterable[SandboxMessage]) -> Iterator[Message | Call]:
    for row in rows:
        content: dict[str, Any] = json.loads(vault.open_system(item=_item(row.sid), sealed=bytes(row.sealed)))
        content["kind"] = Kind(content["kind"])
        # Phones of the first release had one exchange a message, and SMS alone.
        wire = content.pop("wire", None) or [content.pop("exchange", None)]
        content["wire"] = tuple(Exchange(**exchange) for exchange in wire if exchange)
        if content["kind"] == Kind.CALL:
            lines = tuple(Line(**line) for line in content.pop("lines"))
            content["events"] = tuple(content["events"])
            yield Call(sid=row.sid, at=row.created_at, lines=lines, **content)
            continue
        content["buttons"] = tuple(Button(**button) for button in content.get("buttons", ()))
        content["ahead"] = tuple(content.get("ahead", ()))
        yield Message(sid=row.sid, at=row.created_at, **content)


def _key(number: str) -> bytes:
    return vault.number_key(Contact(TEL, number))


def _item(sid: str) -> bytes:
    return b"sandbox" + sid.encode()
