"""What stands in one cell of a list: a number, a yes or a no, a day, a channel; in English, Spanish, Portuguese."""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Company
from consent.vocabulary import Channel, Language, State

EARLIEST = date(1990, 1, 1)  # nobody asked for consent to such messages before there were any

_SCIENTIFIC = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+?[0-9]{1,2}")
_WHOLE = re.compile(r"([0-9]+)[.,]0")
_NUMBERS = re.compile(
    r"([0-9]{1,4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,4})(?:[ T,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)

# Words, between spaces.
_YES = frozenset(
    re.findall(
        r"\S+",
        "yes y true 1 x si s sim v verdadero verdadeiro ok in optin opt-in opted given granted subscribed active activo"
        " ativo aceito acepto aceita acepta aceptado aceitou autorizo autorizado permite accepted consented suscrito"
        " inscrito confirmado confirmed",
    )
)
_NO = frozenset(
    re.findall(
        r"\S+",
        "no n false 0 nao falso out optout opt-out opted-out withdrawn unsubscribed stop stopped blocked baja cancelado"
        " cancelada inactivo inativo inactive refused rejected rechazado recusado recusou revoked descadastrado"
        " desinscrito removido bloqueado bloqueada sair salir parar",
    )
)
_CHANNELS = {
    **dict.fromkeys(("whatsapp", "whats", "wa", "zap", "wapp", "whatsap"), Channel.WHATSAPP),
    **dict.fromkeys(
        ("sms", "text", "texto", "torpedo", "mensaje de texto", "mensagem de texto"), Channel.SMS
    ),
    **dict.fromkeys(("voice", "call", "phone call", "llamada", "ligacao", "voz", "chamada"), Channel.VOICE),
}


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A text in lower case and without accents, to compare it."""
    decomposed = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def contact(text: str, company: Company, *, is_opt_out: bool = False) -> Contact:
    """The number in a cell, in the company's country where it has none of its own. Raises BadInput.

    An opt-out counts from any number that could be one; a consent only where the company may write.
    """
    value = text.strip().lstrip("'").strip()
    if not value:
        raise BadInput("contact.missing", "")
    if not value[1:].isdecimal():
        if _SCIENTIFIC.fullmatch(value):
            raise BadInput("phone.scientific", "")
        if whole := _WHOLE.fullmatch(value):  # a program took it for a number
            value = whole[1]
    try:
        return Contact.tel(value, company.country, allowed=None if is_opt_out else company.countries)
    except BadInput:
        if not value.startswith(("+", "0")) and len(value) > 11:  # written with its country code alone
            with suppress(BadInput):
                return Contact.tel(f"+{value}", allowed=None if is_opt_out else company.countries)
        if is_opt_out:
            with suppress(BadInput):
                return Contact.stopping(value, company.country)
            if value.startswith("+"):
                with suppress(BadInput):
                    return Contact.reported(re.sub(r"[\s().-]", "", value))
        raise


def state(text: str) -> str | None:
    """Whether a cell says yes (`given`) or no (`withdrawn`); None where that is not clear."""
    word = plain(text)
    if word in _YES:
        return State.GIVEN.value
    return State.WITHDRAWN.value if word in _NO else None


def channel(text: str) -> str | None:
    """The channel that a cell names."""
    found = _CHANNELS.get(plain(text))
    return found.value if found else None


def language(text: str, company: Company) -> str:
    """The language that a cell names, else the company's."""
    if not text:
        return company.language
    code = plain(text)[:2]
    return next((one for one in Language.values if code and one.startswith(code)), company.language)


def is_date(text: str) -> bool:
    """Whether a cell holds a day, in whatever order."""
    return any(_date(text, day_first=order) is not None for order in (True, False))


def day_first(texts: Sequence[str], company: Company) -> bool:
    """Whether days stand before months: told by a number above 12, else by the company's country."""
    for text in texts:
        if found := _NUMBERS.match(text.strip()):
            first, second = int(found[1]), int(found[2])
            if first > 31:
                continue
            if first > 12 or second > 12:
                return first > 12
    return company.country not in ("US", "PH")


def moment(text: str, company: Company, *, day_first: bool, now: datetime) -> datetime:
    """The moment in a cell; without an hour the start of the day, in the company's time zone. Raises BadInput."""
    found = _moment(text, day_first=day_first, zone=company.time_zone)
    if isinstance(found, str):
        raise BadInput(found, "")
    if found > now:
        raise BadInput("date.future", "")
    return found


@lru_cache(maxsize=4096)  # a list has the same days again and again
def _moment(text: str, *, day_first: bool, zone: str) -> datetime | str:
    """The moment in UTC, or the code of what is wrong with it."""
    found = _date(text, day_first=day_first)
    if found is None:
        return "date.unreadable"
    if found.tzinfo is None:
        found = found.replace(tzinfo=_zone(zone))
    if found.date() < EARLIEST:
        return "date.too_old"
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return "date.future"


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _date(text: str, *, day_first: bool) -> datetime | None:
    value = text.strip().lstrip("'")
    if len(value) > 40:
        return None
    if found := _NUMBERS.fullmatch(value):
        first, second, third = int(found[1]), int(found[2]), int(found[3])
        if len(found[1]) == 4:
            year, month, day = first, second, third
        else:
            year = third if len(found[3]) == 4 else 2000 + third if len(found[3]) == 2 else 0
            day, month = (first, second) if day_first else (second, first)
        with suppress(ValueError):
            at = time(int(found[4]), int(found[5]), int(found[6] or 0)) if found[4] else time()
            return datetime.combine(date(year, month, day), at)
        return None
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", value):
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(value)
    return None
