"""The pages of the sandbox: a phone with what to try on it, and several phones side by side."""

from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_safe

from consent import languages
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import CapturePoint
from consent.sandbox import acts, phones, screen, writing
from consent.sandbox.carrier import LONGEST_BODY
from consent.sandbox.guard import in_the_sandbox, language_of
from consent.sandbox.items import Phone
from consent.vocabulary import Language

MOST_FORMS = 5
MOST_TOGETHER = 4
# A phone may be shown within a page of ours, beside others.
POLICY = cast(dict[str, Any], settings.SECURE_CSP)
FRAMED = POLICY | {"frame-ancestors": [CSP.SELF]}
FRAMING = POLICY | {"frame-src": [CSP.SELF]}


@require_http_methods(["GET", "HEAD", "POST"])
@in_the_sandbox
def home(request: HttpRequest) -> HttpResponse:
    """The phone that was used last; a POST makes a new one."""
    if request.method == "POST":
        return _make(request)
    return _show(request, next(iter(phones.all_phones()), None))


@xframe_options_sameorigin
@csp_override(FRAMED)
@require_http_methods(["GET", "HEAD", "POST"])
@in_the_sandbox
def phone(request: HttpRequest, name: str) -> HttpResponse:
    """One phone; a POST writes a message on it."""
    found = acts.get(name)
    if request.method == "POST":
        text = request.POST.get("text", "").strip()
        to, channel = request.POST.get("to", ""), request.POST.get("channel", "sms")
        wanted = (one for one in screen.all_senders() if (one.channel, one.address) == (channel, to))
        sender = next(wanted, None)
        if text and sender:
            writing.write(found, sender=sender, text=text[:LONGEST_BODY])
        return acts.back(request, found, app=channel, to=to)
    return _show(request, found)


@csp_override(FRAMING)
@require_safe
@in_the_sandbox
def together(request: HttpRequest) -> HttpResponse:
    """Several phones side by side, each a page of its own."""
    shown = phones.all_phones()[:MOST_TOGETHER]
    return render(request, "consent/sandbox/together.html", {**_frame(request), "phones": shown})


def _make(request: HttpRequest) -> HttpResponse:
    typed = request.POST.get("number", "")
    try:
        number = Contact.tel(typed, _country()).value
    except BadInput as problem:
        current = next(iter(phones.all_phones()), None)
        return _show(request, current, problem=problem, typed=typed, status=problem.status)
    return acts.back(request, phones.make(number), app=screen.App.SMS)


def _show(
    request: HttpRequest,
    current: Phone | None,
    *,
    problem: BadInput | None = None,
    typed: str | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    shown = screen.screen(request, current, language=language_of(request))
    context: dict[str, Any] = {
        **_frame(request),
        "phone": current,
        "screen": shown,
        "phones": phones.all_phones(),
        "partner_brand": shown.brand,
        "longest": LONGEST_BODY,
        "tries": _tries(),
        "forms": _forms(),
        "problem": problem,
        "number": typed if typed is not None else Phone(name="", number=phones.some_number()).shown_number,
        "public_url": settings.OPTIN_PUBLIC_URL,
    }
    # The script asks for what can have changed, and nothing that a Content-Security-Policy would judge anew.
    template = "part" if "X-Part" in request.headers else "alone" if "frame" in request.GET else "phone"
    with timezone.override(shown.zone):
        return render(request, f"consent/sandbox/{template}.html", context, status=status)


def _frame(request: HttpRequest) -> dict[str, Any]:
    """What every page here has around it."""
    return {
        "languages": languages.switch(list(Language.values), language_of(request)),
        "kept": screen.kept(request),
    }


def _forms() -> list[CapturePoint]:
    """The forms that can be filled in, from which messages come to phones as well."""
    points = CapturePoint.objects.filter(is_open=True, notice__versions__state="published")
    return list(points.select_related("company").distinct().order_by("pk")[:MOST_FORMS])


def _tries() -> list[dict[str, Any]]:
    """One conversation of each kind to begin with: the first number, and the keyword that begins it."""
    keywords = {point.company_id: point.keyword for point in reversed(_forms()) if point.keyword}
    senders: dict[str, Any] = {}
    for sender in screen.all_senders():
        if sender.company_id in keywords:
            senders.setdefault(sender.channel, sender)
    order = [one for one in ("sms", "whatsapp", "voice") if one in senders]
    return [
        {"sender": senders[channel], "keyword": keywords[senders[channel].company_id].upper()}
        for channel in order
    ]


def _country() -> str:
    first = next(iter(screen.all_senders()), None)
    return first.company.country if first else "BR"
