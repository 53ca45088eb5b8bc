"""How pages of the preference centre are answered: never kept, told to nobody, in the person's language."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import override

from consent import branding, http, languages
from consent.canonical import moment
from consent.models import Company
from consent.proof import files, words
from consent.vocabulary import Language, django_code

LONGEST_REASON = 500  # characters


class SeeOther(HttpResponseRedirect):
    """A redirect after a post: the next page is read with GET."""

    status_code = 303


def language_of(request: HttpRequest, own: str) -> str:
    """The language to show: by the address, else the one the person last used, which no browser has to guess."""
    if own and "lang" not in request.GET:
        return own
    return languages.choose(request, offered=list(Language.values), default=own or Language.ENGLISH)


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, language: str,
    company: Company | None = None, status: int = HTTPStatus.OK,
) -> HttpResponse:  # fmt: skip
    """A page, by the company's clock and in its colours where it is about one."""
    frame = {
        "company": company,
        "brand": branding.brand(company) if company else None,
        "language": language,
        "languages": languages.switch(list(Language.values), language),
    }
    with override(django_code(language)), timezone.override(words.zone(company) if company else None):
        response = render(
            request, f"consent/preferences/{template}.html", {**frame, **context}, status=status
        )
    response.headers["Content-Language"] = language
    return files.private(response)


def evidence(request: HttpRequest, *, reason: str = "") -> dict[str, Any]:
    """What would convince an auditor that this was said: from where, when, and why if they cared to say."""
    said = {
        "sent_at": moment(timezone.now()),
        "address": http.client_address(request),
        "peer": str(request.META.get("REMOTE_ADDR", "")),
        "forwarded_for": http.header(request, "X-Forwarded-For"),
        "user_agent": http.header(request, "User-Agent"),
    }
    kept = "".join(
        character for character in reason[:LONGEST_REASON] if character.isprintable() or character == "\n"
    )
    return said | ({"reason": kept.strip()} if kept.strip() else {})
