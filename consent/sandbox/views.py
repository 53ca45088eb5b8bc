"""The phone in the browser: what it received, and a way to answer."""

import random
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import wraps
from http import HTTPStatus
from typing import Any, Concatenate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_POST

from consent import branding, languages
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import CapturePoint, Sender
from consent.providers import sandbox as provider
from consent.sandbox import phones, writing
from consent.sandbox.carrier import LONGEST_BODY
from consent.sandbox.phones import Kind, Message, Phone
from consent.vocabulary import Channel, Language, django_code

# One tap each: yes, no, stop. Any of them is understood in every language.
ANSWERS = {
    Language.ENGLISH: ("JOIN", "NO", "STOP"),
    Language.SPANISH: ("ACEPTO", "NO", "SALIR"),
    Language.PORTUGUESE: ("SIM", "NÃO", "SAIR"),
}
MOST_FORMS = 5


def in_the_sandbox[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """There is no such page where the sandbox is off; where it is on, it speaks the visitor's language."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.OPTIN_SANDBOX:
            raise Http404("The sandbox is off.")
        with override(django_code(_language(request))):
            response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@in_the_sandbox
def home(request: HttpRequest) -> HttpResponse:
    """The phone that was used last; a POST makes a new one."""
    if request.method == "POST":
        return _make(request)
    return _show(request, next(iter(phones.all_phones()), None))


@require_http_methods(["GET", "HEAD", "POST"])
@in_the_sandbox
def phone(request: HttpRequest, name: str) -> HttpResponse:
    """One phone; a POST writes a message on it."""
    found = _phone(name)
    text = request.POST.get("text", "").strip()
    if request.method == "POST" and text:
        senders = _senders()
        to = request.POST.get("to", "")
        if to in {sender.address for sender in senders}:
            writing.write(found, to=to, text=text[:LONGEST_BODY])
        return _back(request, found, to=to)
    return _show(request, found)


@require_POST
@in_the_sandbox
def again(request: HttpRequest, name: str) -> HttpResponse:
    """Send a message once more that did not get through."""
    found = _phone(name)
    message = phones.find(request.POST.get("sid", ""))
    if message is None or message.number != found.number or message.kind != Kind.WRITTEN:
        raise Http404("No such message.")
    writing.again(message)
    return _back(request, found, to=message.sender)


def _phone(name: str) -> Phone:
    found = phones.named(name)
    if found is None:
        raise Http404("No such phone.")
    return found


def _make(request: HttpRequest) -> HttpResponse:
    typed = request.POST.get("number", "")
    try:
        number = Contact.tel(typed, _country()).value
    except BadInput as problem:
        current = next(iter(phones.all_phones()), None)
        return _show(request, current, problem=problem, typed=typed, status=problem.status)
    made = Phone(name=phones.name_of(number), number=number)
    if phones.named(made.name) is None:
        phones.keep(Message(sid=provider.new_sid().replace("SM", "PN"), kind=Kind.MADE, number=number))
    return _back(request, made)


def _back(request: HttpRequest, found: Phone, *, to: str = "") -> HttpResponse:
    address = reverse("sandbox-phone", args=[found.name])
    query = request.GET.copy()
    if to:
        query["to"] = to
    # On a small screen, straight to the phone.
    return redirect(f"{address}{'?' if query else ''}{query.urlencode()}#phone")


def _show(
    request: HttpRequest,
    current: Phone | None,
    *,
    problem: BadInput | None = None,
    typed: str | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    language = _language(request)
    senders = _senders()
    messages = phones.on(current) if current else []
    partner = _partner(request, senders, messages)
    talk = [message for message in messages if partner is not None and message.sender == partner.address]
    context: dict[str, Any] = {
        "languages": languages.switch(list(Language.values), language),
        "query": f"?lang={language}" if "lang" in request.GET else "",
        "phone": current,
        "phones": phones.all_phones(),
        "talk": talk,
        "partner": partner,
        "senders": senders,
        "partner_brand": branding.brand(partner.company) if partner else None,
        "answers": ANSWERS[Language(language)],
        "longest": LONGEST_BODY,
        "forms": _forms(),
        "problem": problem,
        "number": typed if typed is not None else _some_number(),
        "public_url": settings.OPTIN_PUBLIC_URL,
    }
    # The script asks for what can have changed, and nothing that a Content-Security-Policy would judge anew.
    template = "part" if "X-Part" in request.headers else "phone"
    with timezone.override(_zone(partner)):
        return render(request, f"consent/sandbox/{template}.html", context, status=status)


def _partner(request: HttpRequest, senders: list[Sender], messages: list[Message]) -> Sender | None:
    """Whom the phone talks with: as the address says, else whoever wrote last, else the first there is."""
    by_address = {sender.address: sender for sender in senders}
    wanted = [request.GET.get("to", ""), *(message.sender for message in reversed(messages))]
    return next((by_address[address] for address in wanted if address in by_address), None) or next(
        iter(senders), None
    )


def _senders() -> list[Sender]:
    senders = Sender.objects.filter(channel=Channel.SMS, provider="sandbox").select_related("company")
    return list(senders.order_by("pk"))


def _forms() -> list[CapturePoint]:
    """Where messages to phones come from: the forms that can be filled in."""
    points = CapturePoint.objects.filter(is_open=True, notice__versions__state="published")
    return list(points.select_related("company").distinct().order_by("pk")[:MOST_FORMS])


def _zone(partner: Sender | None) -> tzinfo:
    """The time that the clock of the phone shows: that of the company it talks with."""
    try:
        return ZoneInfo(partner.company.time_zone) if partner else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _country() -> str:
    first = next(iter(_senders()), None)
    return first.company.country if first else "BR"


def _some_number() -> str:
    """A number to begin with, of the kind that Brazilian mobiles have; nothing is ever sent to it."""
    rest = random.SystemRandom().randrange(10**7)
    return Phone(name="", number=f"+551198{rest:07d}").shown_number


def _language(request: HttpRequest) -> str:
    return languages.choose(request, offered=list(Language.values), default=Language.ENGLISH)
