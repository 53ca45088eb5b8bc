"""The pages that belong to no capture method: the first one, and a person's receipt."""

from datetime import UTC, tzinfo
from http import HTTPStatus
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from consent import branding, catalogue, contact, history, languages, receipts, rights, vault
from consent.models import Company, ConsentRecord
from consent.proof import certificate
from consent.receipts import Receipt
from consent.vocabulary import Language, State, django_code

SAMPLE = ("aurora", "novidades")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is; with the sandbox on, the way to everything one can try."""
    offered = list(Language.values)
    language = languages.choose(request, offered=offered, default=Language.ENGLISH)
    sample = catalogue.ask(*SAMPLE) if settings.OPTIN_SANDBOX else None
    with override(django_code(language)):
        return render(
            request,
            "consent/home.html",
            {
                "languages": languages.switch(offered, language),
                "sample": sample if sample and sample.is_open else None,
                "is_sandbox": settings.OPTIN_SANDBOX,
            },
        )


@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """The person's copy of what was recorded, at an address that only they know."""
    act = receipts.read_token(token)
    own = ConsentRecord.objects.filter(act=act).values_list("language", flat=True).first() if act else None
    if act is None or own is None:
        raise Http404("No such receipt.")
    offered = list(Language.values)
    language = languages.choose(request, offered=offered, default=own) if "lang" in request.GET else own
    with override(django_code(language)):
        found = receipts.read(act, at=timezone.now())
        assert found is not None
        zone = _zone(found.company)
        with timezone.override(zone):
            response = render(
                request,
                "consent/receipt.html",
                {
                    "receipt": found,
                    "token": token,
                    "language": language,
                    "receipt_token": vault.act_token(
                        act, use="receipt"
                    ),  # what is taken along may be passed on
                    "company": found.company,
                    "name": rights.name_of(found.subject) if receipts.is_own(token) else "",
                    "brand": branding.brand(found.company),
                    "said": _said(found),
                    "some_over": any(line.state_now != State.GIVEN for line in found.lines),
                    "zone": f"UTC{found.event_time.astimezone(zone):%:z}",
                    "certificate": certificate.address_of(found.subject),
                    "sender": contact.written(found.sender.address) if found.sender else "",
                    "languages": languages.switch(offered, language),
                    "states": dict(State.choices)
                    | {State.WITHDRAWN: _("you stopped it")}
                    | {history.EXPIRED: _("expired"), history.ERASED: _("erased")},
                },
            )
    response.headers["Cache-Control"] = "no-store"  # what it shows changes with every withdrawal
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address where nothing is, in the language it asks for; without one in the browser's.

    Not by Django's own view, which reads the body once more to look for a token, and breaks on one that is no form.
    """
    if "lang" not in request.GET:
        return render(request, "404.html", status=HTTPStatus.NOT_FOUND)
    language = languages.choose(request, offered=list(Language.values), default=Language.ENGLISH)
    with override(django_code(language)):
        return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def _said(found: Receipt) -> str:
    """What the act is to the person now: "given", "requested", "over" (a yes that ended), "stopped" or "no"."""
    then, now = ({getattr(line, name) for line in found.lines} for name in ("state", "state_now"))
    if State.GIVEN in now and then & {State.GIVEN, State.REQUESTED}:
        return "given"
    if State.GIVEN in then:
        return "over"
    if State.REQUESTED in then & now:
        return "requested"
    return "stopped" if then == {State.WITHDRAWN} else "no"


def _zone(company: Company) -> tzinfo:
    try:
        return ZoneInfo(company.time_zone)
    except (KeyError, ValueError, OSError):  # a name that no zone has
        return UTC
