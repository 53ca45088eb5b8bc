"""Which language a visitor reads: by the address, else by the browser; nothing is remembered."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.utils.translation import gettext_noop
from django.utils.translation.trans_real import parse_accept_lang_header

from consent.models import CapturePoint
from consent.vocabulary import Language

NAMES = {Language.ENGLISH: "English", Language.SPANISH: "Español", Language.PORTUGUESE: "Português"}

# Django's Portuguese begins months with a capital letter, which nobody in Brazil does.
_MONTHS = (
    gettext_noop("January"),
    gettext_noop("February"),
    gettext_noop("March"),
    gettext_noop("April"),
    gettext_noop("May"),
    gettext_noop("June"),
    gettext_noop("July"),
    gettext_noop("August"),
    gettext_noop("September"),
    gettext_noop("October"),
    gettext_noop("November"),
    gettext_noop("December"),
)


def choose(request: HttpRequest, *, offered: Sequence[str], default: str) -> str:
    """One of the `offered` languages: by ?lang=, else by the browser, else `default`, else the first."""
    wanted = request.GET.get("lang", "").lower()
    for language in (wanted, *_preferred(request)):
        found = _find(language, offered)
        if found is not None:
            return found
    return default if default in offered else offered[0]


def of_point(request: HttpRequest, point: CapturePoint) -> str:
    """The language to show a capture point in, among those it offers."""
    return choose(request, offered=known(point.languages), default=point.company.language)


def known(languages: Sequence[str]) -> list[str]:
    """The languages we speak among those somebody listed; all of ours where there is none."""
    return [language for language in languages if language in Language.values] or list(Language.values)


def switch(offered: Sequence[str], current: str) -> list[dict[str, object]]:
    """The choices of a language switch, with the current one marked."""
    return [
        {"code": language, "name": NAMES[Language(language)], "is_current": language == current}
        for language in offered
    ]


def _preferred(request: HttpRequest) -> list[str]:
    header = request.headers.get("Accept-Language", "").lower()
    return [code for code, _weight in parse_accept_lang_header(header)]


def _find(wanted: str, offered: Sequence[str]) -> str | None:
    primary = wanted.split("-")[0]
    exact = (language for language in offered if language.lower() == wanted)
    near = (language for language in offered if language.lower().split("-")[0] == primary)
    return next(exact, None) or next(near, None)
