"""What becomes of messages and calls on their way: the worker tells our webhooks, step by step."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from consent.providers import sandbox as provider
from consent.providers import sandbox_meta, sandbox_twilio
from consent.sandbox import calling, phones, wire
from consent.sandbox.items import Call, Kind, Message, Phone, Trouble
from consent.vocabulary import Channel

PAUSE = timedelta(seconds=0.4)  # between two things that happen to a message on its way
WINDOW = timedelta(hours=24)  # in which WhatsApp lets anything through to somebody who wrote


def drain(*, limit: int = 20) -> int:
    """Do the next thing with up to `limit` messages and calls that are on their way. Returns how many."""
    if not settings.OPTIN_SANDBOX:
        return 0
    for number in range(limit):
        item = phones.due()
        if item is None:
            return number
        if isinstance(item, Call):
            calling.go_on(item)
        else:
            _go_on(item)
    return limit


def launch(message: Message) -> None:
    """Lay a message of the product on its phone, and begin to tell how far it got."""
    ahead = _ahead(message) if message.callback else ()
    phones.keep(replace(message, ahead=ahead), due_at=timezone.now() + PAUSE if ahead else None)


def see(messages: Iterable[Message]) -> None:
    """Have messages read, and tell so of those on WhatsApp, where the phone lets people know."""
    now = timezone.now()
    for message in messages:
        if message.kind != Kind.RECEIVED or message.is_seen or message.is_lost or message.ahead:
            continue
        tells = message.callback and message.channel == Channel.WHATSAPP
        tells = tells and Trouble.UNSEEN not in phones.troubles(message.number)
        phones.change(message, _read if tells else _seen, due_at=now if tells else None)


def _read(message: Message) -> Message:
    return replace(message, is_seen=True, ahead=("read",))


def _seen(message: Message) -> Message:
    return replace(message, is_seen=True)


def is_at_meta(message: Message) -> bool:
    """Whether a message is one of Meta's, by its id."""
    return message.sid.startswith("wamid.")


def _ahead(message: Message) -> tuple[str, ...]:
    """How far a message will get, and the error it fails with."""
    wrong = phones.troubles(message.number)
    if message.channel != Channel.WHATSAPP:
        return ("sent", "undelivered:30003") if Trouble.UNREACHABLE in wrong else ("sent", "delivered")
    at_meta = is_at_meta(message)
    if Trouble.UNREACHABLE in wrong:
        return ("failed:131026",) if at_meta else ("failed:63024",)
    if message.is_template and Trouble.NO_OFFERS in wrong:
        return ("failed:131050",) if at_meta else ("failed:63014",)
    if not message.is_template and not _wrote_lately(message):
        return ("failed:131047",) if at_meta else ("failed:63016",)
    return ("sent", "delivered")


def _wrote_lately(message: Message) -> bool:
    since = timezone.now() - WINDOW
    return any(
        item.kind == Kind.WRITTEN
        and item.channel == Channel.WHATSAPP
        and item.sender == message.sender
        and item.at is not None
        and item.at > since
        for item in phones.on(Phone(name="", number=message.number))
    )


def _go_on(message: Message) -> None:
    state, *ahead = message.ahead or ("",)
    if not state:
        return
    status, _colon, error = state.partition(":")
    called = wire.told(_tell(message, status, error))
    phones.change(
        message,
        lambda now: replace(now, state=status, error=error, ahead=tuple(ahead), wire=now.wired(called)),
        due_at=timezone.now() + PAUSE if ahead else None,
    )


def _tell(message: Message, status: str, error: str) -> provider.Exchange:
    if is_at_meta(message):
        update = sandbox_meta.status(
            wamid=message.sid, from_=message.sender, to=message.number, status=status,
            error=int(error or 0), echoed=message.callback,
        )  # fmt: skip
        return provider.notify(update)
    prefix = sandbox_twilio.WHATSAPP if message.channel == Channel.WHATSAPP else ""
    fields = sandbox_twilio.status(
        sid=message.sid, from_=prefix + message.sender, to=prefix + message.number, status=status, error=error
    )
    return provider.call(message.callback, fields)
