"""The page of a kiosk, what makes it work without a network, and where it hands answers in."""

import base64
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from consent import branding, catalogue, languages, pinned, poster, shown
from consent.capture.kiosk import METHOD, answering, sealing, tablets
from consent.catalogue import Ask
from consent.contact import Contact
from consent.errors import BadInput
from consent.showing import show as showing_of
from consent.vocabulary import Confirmation, django_code

WORKER = (Path(__file__).parent / "worker.js").read_bytes()


@require_safe
def page(request: HttpRequest, company: str, point: str) -> HttpResponse:
    """The form in large type, for a tablet that staff have opened."""
    ask = _ask(company, point)
    if tablets.of(request, ask.point) is None:
        return show(request, ask, "shut", {}, status=HTTPStatus.FORBIDDEN)
    if not ask.is_open or ask.version is None:
        return show(request, ask, "closed", {}, status=HTTPStatus.GONE)
    now, language = timezone.now(), languages.of_point(request, ask.point)
    shown.count(ask, ask.version, language=language, method=METHOD.slug, day=now.date())
    showing = showing_of(ask, ask.version, language)
    token = pinned.pin(
        method=METHOD.slug, point=ask.point.pk, version=ask.version.pk, language=language, digest=showing.digest,
        shown_at=now, host="",
    )  # fmt: skip
    number, public = sealing.public_key()
    context = {
        "paragraphs": showing.statement.paragraphs,
        "boxes": showing.statement.boxes,
        "token": token,
        "key_number": number,
        "public_key": base64.b64encode(public).decode(),
        "qr": base64.b64encode(poster.qr_svg(ask.point).encode()).decode(),
        "short_address": poster.short_address(ask.point),
        "days": settings.OPTIN_KIOSK_DAYS,
        "is_single_step": ask.point.confirmation == Confirmation.NONE,
        "is_called": ask.point.confirmation == Confirmation.CALL,
    }
    return show(request, ask, "page", context)


@require_safe
def worker(_request: HttpRequest, company: str, point: str) -> HttpResponse:
    """The script that serves the page where there is no network."""
    response = HttpResponse(WORKER, content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    return response


@csrf_exempt  # the cookie is sent from our own pages only, and the answer is sealed
@require_POST
def answers(request: HttpRequest, company: str, point: str) -> HttpResponse:
    """One answer; the tablet keeps it until this says that it is on record."""
    ask = _ask(company, point)
    kiosk = tablets.of(request, ask.point)
    if kiosk is None:
        return _shut()
    try:
        answering.take(request, ask, kiosk, body=request.body, now=timezone.now())
    except BadInput as problem:
        return JsonResponse({"code": problem.code, "message": problem.message}, status=problem.status)
    return JsonResponse({"state": "recorded"})


@csrf_exempt  # as above; it changes nothing
@require_POST
def number(request: HttpRequest, company: str, point: str) -> HttpResponse:
    """Whether a number is one we may write to, while the person is still there."""
    ask = _ask(company, point)
    if tablets.of(request, ask.point) is None:
        return _shut()
    with override(django_code(languages.of_point(request, ask.point))):
        try:
            Contact.tel(request.POST.get("phone", ""), ask.company.country, allowed=ask.company.countries)
        except BadInput as problem:
            return JsonResponse({"is_good": False, "message": problem.message})
    return JsonResponse({"is_good": True, "message": ""})


def show(
    request: HttpRequest, ask: Ask, template: str, context: dict[str, Any], *, status: int = HTTPStatus.OK
) -> HttpResponse:
    """A page of a kiosk in the language of whoever stands there; no browser keeps it but for the worker."""
    language = languages.of_point(request, ask.point)
    frame = {
        "ask": ask,
        "company": ask.company,
        "brand": branding.brand(ask.company),
        "title": ask.point.title.in_language(language),
        "language": language,
        "languages": languages.switch(languages.known(ask.point.languages), language),
    }
    with override(django_code(language)):
        response = render(request, f"consent/kiosk/{template}.html", frame | context, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Language"] = language
    return response


def _ask(company: str, point: str) -> Ask:
    ask = catalogue.ask(company, point)
    if ask is None:
        raise Http404("No such capture point.")
    return ask


def _shut() -> HttpResponse:
    return JsonResponse({"code": "kiosk.shut", "message": ""}, status=HTTPStatus.FORBIDDEN)
