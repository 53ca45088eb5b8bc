"""The pages of the form: as first seen, again with what is wrong, and where there is nothing to fill in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csp import csp_override

from consent import branding, guardian, languages, pinned, poster
from consent.capture.website import METHOD, child, proof, reading
from consent.capture.website.form import ConsentForm
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.models.points import CODE_LENGTH, SIGNS
from consent.pinned import Pinned
from consent.showing import Showing, show
from consent.vocabulary import Confirmation, django_code

LONGEST_HOST = 253  # characters of a domain name (RFC 1035 2.3.4)


def is_framed(request: HttpRequest) -> bool:
    """Whether the page is asked for as part of somebody else's page."""
    return "embed" in request.GET


def poster_code(request: HttpRequest) -> str:
    """The code of the poster whose address brought somebody, if it is written like one; else ""."""
    code = request.GET.get(poster.CODE, "")
    return code if len(code) == CODE_LENGTH and set(code) <= set(SIGNS) else ""


def query(request: HttpRequest, language: str) -> str:
    """What an address needs so that the next page looks like this one: language, frame and poster, no more."""
    code = poster_code(request)
    return urlencode(
        {"lang": language}
        | ({"embed": "1"} if is_framed(request) else {})
        | ({poster.CODE: code} if code else {})
    )


def show_form(
    request: HttpRequest,
    ask: Ask,
    *,
    now: datetime,
    is_pressed: bool,
    typed: Mapping[str, str] | None = None,
    problems: Sequence[BadInput] = (),
) -> HttpResponse:
    """The form: as first seen, or again with what was typed and what is wrong with it.

    The same words keep their ticks and their token; other words are asked anew, with every box unticked.
    """
    assert ask.version is not None
    language = languages.of_point(request, ask.point)
    showing = show(ask, ask.version, language)
    seen = _seen_before(typed, showing)
    token = (
        typed[reading.TOKEN]
        if typed and seen and not seen.is_expired(now)
        else _new_token(request, showing, now)
    )
    with override(django_code(language)):
        context = {
            "form": ConsentForm(
                showing.statement,
                region=ask.company.country,
                child=child.fields(now) if ask.point.asks_guardian else None,
                typed=None if typed is None else _shown_again(typed, keep_ticks=seen is not None),
                problems=problems,
            ),
            "paragraphs": showing.statement.paragraphs,
            "problems": problems,
            "boxes_problems": [problem for problem in problems if problem.pointer == reading.BOXES],
            "token": token,
            "child_asked": guardian.ASKED,
            "child_note": guardian.NOTE,
            "trap": reading.TRAP,
            "is_proved": ask.point.confirmation != Confirmation.NONE,
            "is_called": ask.point.confirmation == Confirmation.CALL,
            "is_pressed": is_pressed,
            "proof_strings": proof.strings() if is_pressed else "",
        }
        response = render(
            request,
            "consent/website/form.html",
            _frame(request, ask, language) | context,
            status=problems[0].status if problems else HTTPStatus.OK,
        )
    # What was sent back is not kept by the browser. The form as first seen is, so that going back and
    # sending it again brings the same token, and so the same receipt.
    response.headers["Cache-Control"] = "no-store" if problems else "private, no-cache"
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(int(proof.WAIT.total_seconds()))
    return _dress(request, response, language)


def show_page(
    request: HttpRequest, ask: Ask, template: str, context: dict[str, Any], *, status: int = HTTPStatus.OK
) -> HttpResponse:
    """Another page of a capture point, never kept by a browser, and told to no other website."""
    language = languages.of_point(request, ask.point)
    with override(django_code(language)):
        response = render(
            request,
            f"consent/website/{template}.html",
            _frame(request, ask, language) | context,
            status=status,
        )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address of a waiting act is a secret
    response.headers["X-Robots-Tag"] = "noindex"
    return _dress(request, response, language)


def _seen_before(typed: Mapping[str, str] | None, showing: Showing) -> Pinned | None:
    """The showing that was answered, if it showed the very same words."""
    try:
        seen = pinned.read((typed or {}).get(reading.TOKEN, ""), method=METHOD.slug)
    except BadInput:
        return None
    return seen if (seen.point, seen.digest) == (showing.ask.point.pk, showing.digest) else None


def _new_token(request: HttpRequest, showing: Showing, now: datetime) -> str:
    ask = showing.ask
    assert ask.version is not None
    return pinned.pin(
        method=METHOD.slug,
        point=ask.point.pk,
        version=ask.version.pk,
        language=showing.statement.language,
        digest=showing.digest,
        shown_at=now,
        host=_host(request) if is_framed(request) else "",
    )


def _dress(request: HttpRequest, response: HttpResponse, language: str) -> HttpResponse:
    """Name the language, and let a page be framed by other websites where it was asked for in that form."""
    response.headers["Content-Language"] = language
    return _framed(request, response) if is_framed(request) else response


@xframe_options_exempt
@csp_override(cast(dict[str, Any], settings.SECURE_CSP) | {"frame-ancestors": ["*"]})
def _framed(_request: HttpRequest, response: HttpResponse) -> HttpResponse:
    return response


def _shown_again(typed: Mapping[str, str], *, keep_ticks: bool) -> dict[str, str]:
    ticks = {name: value for name, value in typed.items() if keep_ticks and name.startswith(reading.BOX)}
    return ticks | {reading.PHONE: reading.typed_number(typed)} | child.typed(typed)


def _frame(request: HttpRequest, ask: Ask, language: str) -> dict[str, Any]:
    """What every page of a capture point needs."""
    return {
        "ask": ask,
        "company": ask.company,
        "brand": branding.brand(ask.company),
        "title": ask.point.title.in_language(language),
        "language": language,
        "languages": languages.switch(languages.known(ask.point.languages), language),
        "is_framed": is_framed(request),
        "query": query(request, language),
        "kept": urlencode({poster.CODE: code}) if (code := poster_code(request)) else "",
    }


def _host(request: HttpRequest) -> str:
    """The website around the frame, as the browser names it: scheme and host, no path."""
    try:
        parts = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return origin if parts.netloc and len(origin) <= LONGEST_HOST and origin.isprintable() else ""
