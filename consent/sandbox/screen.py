"""What the screen of a sandbox phone shows: an app, a conversation in it, or a call."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from urllib.parse import urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent import branding, providers
from consent.branding import Brand
from consent.models import Sender
from consent.sandbox import network, phones
from consent.sandbox.items import Call, Kind, Message, Phone, Trouble
from consent.vocabulary import Language

# One tap each: yes, no, stop. Any of them is understood in every language.
ANSWERS = {
    Language.ENGLISH: ("JOIN", "NO", "STOP"),
    Language.SPANISH: ("ACEPTO", "NO", "SALIR"),
    Language.PORTUGUESE: ("SIM", "NÃO", "SAIR"),
}


class App(StrEnum):
    """An app of the phone; three are named as the channels."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    VOICE = "voice"
    SETTINGS = "settings"


NAMES = {
    App.SMS: "SMS",
    App.WHATSAPP: "WhatsApp",
    App.VOICE: _("Calls"),
    App.SETTINGS: _("Settings"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """An app as the dock shows it."""

    app: App
    name: str
    unseen: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """A trouble of the phone, as its settings show it."""

    trouble: Trouble
    is_on: bool


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything that a phone shows at a moment."""

    phone: Phone | None
    app: App
    tabs: list[Tab]
    senders: list[Sender]
    partner: Sender | None
    talk: list[Message]
    calls: list[Call]
    call: Call | None
    answers: tuple[str, ...]
    switches: list[Switch]

    @property
    def brand(self) -> Brand | None:
        """The colours of the company on the screen."""
        return branding.brand(self.partner.company) if self.partner else None

    @property
    def is_at_meta(self) -> bool:
        """Whether the conversation goes over Meta."""
        return self.partner is not None and providers.is_at_meta(self.partner)

    @property
    def offers_are_stopped(self) -> bool:
        return self.phone is not None and Trouble.NO_OFFERS in self.phone.troubles

    @property
    def zone(self) -> tzinfo:
        """The time that the clock of the phone shows: that of the company it talks with."""
        try:
            return ZoneInfo(self.partner.company.time_zone) if self.partner else UTC
        except (ZoneInfoNotFoundError, ValueError):
            return UTC


def screen(request: HttpRequest, phone: Phone | None, *, language: str) -> Screen:
    """What a phone shows: what the address asks for, else what was used last, and a call above everything."""
    items = phones.on(phone) if phone else []
    live = next((item for item in reversed(items) if isinstance(item, Call) and item.is_alive), None)
    app = _app(request, phone, live)
    senders = all_senders()
    here = [sender for sender in senders if sender.channel == app]
    partner = _partner(request, here, [item.sender for item in items if item.channel == app])
    if live is not None:
        partner = next((sender for sender in here if sender.address == live.sender), partner)
    messages = [item for item in items if isinstance(item, Message)]
    talk = [one for one in messages if partner and (one.channel, one.sender) == (app, partner.address)]
    network.see(talk)
    unseen = [one.channel for one in messages if _is_new(one) and one not in talk]
    return Screen(
        phone=phone,
        app=app,
        tabs=[Tab(one, str(name), unseen.count(one), one == app) for one, name in NAMES.items()],
        senders=here,
        partner=partner,
        talk=talk,
        calls=[item for item in reversed(items) if isinstance(item, Call)],
        call=live,
        answers=ANSWERS[Language(language)],
        switches=[Switch(one, phone is not None and one in phone.troubles) for one in Trouble],
    )


def all_senders() -> list[Sender]:
    """Our numbers that phones of the sandbox can talk with."""
    return list(Sender.objects.filter(provider="sandbox").select_related("company").order_by("pk"))


def kept(request: HttpRequest) -> str:
    """What every address within a page needs so that the next one is like it: language and frame."""
    return urlencode({name: request.GET[name] for name in ("lang", "frame") if name in request.GET})


def _app(request: HttpRequest, phone: Phone | None, live: Call | None) -> App:
    wanted = request.GET.get("app", "")
    if live is not None:
        return App.VOICE
    if wanted in App:
        return App(wanted)
    return App(phone.last.channel) if phone and phone.last else App.SMS


def _partner(request: HttpRequest, senders: list[Sender], last: list[str]) -> Sender | None:
    """Whom the phone talks with: as the address says, else whoever wrote last, else the first there is."""
    by_address = {sender.address: sender for sender in senders}
    wanted = [request.GET.get("to", ""), *reversed(last)]
    return next((by_address[address] for address in wanted if address in by_address), None) or next(
        iter(senders), None
    )


def _is_new(message: Message) -> bool:
    return message.kind == Kind.RECEIVED and not message.is_seen and not message.is_lost
