"""The front of the preference centre: a number, the code that went to it, and a stop that needs no code."""

import re
import time
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent import codes, errors, posted, vault
from consent.contact import LONGEST_TEXT, Contact
from consent.errors import BadInput
from consent.models import Company, Visit
from consent.preferences import changing, entry, keeping, looks, visits
from consent.preferences.changing import How

PHONE, COMPANY, WISH = "phone", "company", "wish"
NUMBER = "number"  # what is kept on disk is a stop by number
NAMED = "named"  # the same, with the company and the number as they were typed
LEAST_DIGITS = 6
_SLUG = re.compile(r"[-a-zA-Z0-9_]{0,40}")

_WHOSE = _("Choose the company whose messages are to stop.")
# An answer to a stop by number leaves at a full beat after the question came: whom we know costs less work than
# whom we meet, and how long it took tells nobody which it was. It is many times what either takes.
BEAT = 0.1  # seconds
# Numbers that nobody could be asked at may stop all the same.
_STILL_A_NUMBER = frozenset({"phone.not_valid", "phone.type_blocked", "phone.country_not_enabled"})


@csrf_exempt  # no cookie says who is there
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def number(request: HttpRequest) -> HttpResponse:
    """Where a number is typed. What comes of it is the same for every number, known or not."""
    language = looks.language_of(request, "")
    if request.method != "POST":
        return _show(request, language, {})
    fields: dict[str, str] = {}
    try:
        fields = posted.read_fields(request)
        slug = fields.get(COMPANY) or request.GET.get(COMPANY, "")
        is_stop = fields.get(WISH) == Visit.Wish.STOP
        try:
            company = _company(slug)
        except Exception as error:
            if not is_stop or not errors.passes(error):
                raise
            return _keep(request, fields.get(PHONE, ""), slug, language=language, error=error)
        contact = _contact(fields.get(PHONE, ""), company)
        if is_stop:
            return _stop(request, contact, company, language=language)
        visit = visits.begin(contact, language=language, now=timezone.now())
    except BadInput as problem:
        return _show(request, language, fields, problem=problem)
    return to_code(visit, language)


def to_code(visit: Visit, language: str) -> HttpResponse:
    """On to the page that takes the code."""
    token = vault.act_token(visit.pk, use=entry.CODE)
    return looks.SeeOther(f"{reverse('preferences-code', args=[token])}?lang={language}")


@csrf_exempt  # whoever holds the address typed the number, and the code proves it
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def code(request: HttpRequest, token: str) -> HttpResponse:
    """Where the code is typed."""
    key = vault.read_act_token(token, use=entry.CODE)
    visit = Visit.objects.filter(pk=key).first() if key else None
    if visit is None:
        raise Http404("No such page.")
    now = timezone.now()
    language = looks.language_of(request, visit.language)
    if visit.proved_at is not None:
        return _proved(visit, language)
    problem = None
    if request.method == "POST":
        try:
            fields = posted.read_fields(request)
            if fields.get(WISH) == Visit.Wish.CODE:  # another one
                return to_code(visits.begin(visits.contact_of(visit), language=language, now=now), language)
            visits.prove(visit, fields.get(codes.FIELD, ""), now=now)
            return _proved(visit, language)
        except BadInput as found:
            problem = found
    is_over = visits.is_over(visit, now=now)
    status = problem.status if problem else HTTPStatus.GONE if is_over else HTTPStatus.OK
    context: dict[str, Any] = {
        "masked": visits.contact_of(visit).masked,
        "problems": [problem] if problem else [],
        "is_over": is_over,
        "minutes": int(visits.CODE_LIVES / timedelta(minutes=1)),
    }
    response = looks.show(request, "code", context, language=language, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(int(codes.LOCKED / timedelta(seconds=1)))
    return response


@require_safe
def stopped(request: HttpRequest) -> HttpResponse:
    """After a stop by number: the same page for every number."""
    return looks.show(request, "stopped_number", {}, language=looks.language_of(request, ""))


def stop_number(contact: Contact, company: Company, how: How) -> UUID:
    """Stop everything of a company for a number, and have the worker tell its holder."""
    act = changing.stop_number(contact, company, how=how)
    visits.begin(contact, language=how.language, now=how.at, company=company)
    return act


def take_in(company: str, said: dict[str, str], how: How) -> None:
    """Record a stop by number that waited on disk."""
    stop_number(Contact.reported(said[PHONE]), Company.objects.get(pk=int(company)), how)


def take_in_named(slug: str, said: dict[str, str], how: How) -> None:
    """Record a stop by number that waited on disk, and of which nothing could be looked up. Raises Http404."""
    company = _company(slug)
    if company is None:
        raise Http404("No such company.")
    try:
        contact = _contact(said[PHONE], company)
    except BadInput as problem:
        raise Http404("No such number.") from problem
    stop_number(contact, company, replace(how, evidence={**how.evidence, "number": contact.value}))


def _keep(request: HttpRequest, phone: str, slug: str, *, language: str, error: Exception) -> HttpResponse:
    """Keep a stop by number while not even the company can be looked up, as far as it can be one at all."""
    digits = sum(map(str.isdecimal, phone))
    if not LEAST_DIGITS <= digits <= len(phone) <= LONGEST_TEXT or not _SLUG.fullmatch(slug):
        raise error
    how = How(evidence=looks.evidence(request), language=language, at=timezone.now())
    keeping.keep(how, address=f"{NAMED}/{slug}", said={PHONE: phone})
    return looks.show(request, "kept", {}, language=language, status=HTTPStatus.ACCEPTED)


def _stop(request: HttpRequest, contact: Contact, company: Company | None, *, language: str) -> HttpResponse:
    if company is None:
        raise BadInput("company.required", message=_WHOSE, pointer=COMPANY)
    whose, came = company, time.monotonic()
    how = How(
        evidence=looks.evidence(request) | {"number": contact.value}, language=language, at=timezone.now(),
        once=vault.new_id().hex,
    )  # fmt: skip
    try:
        keeping.or_keep(
            lambda how: stop_number(contact, whose, how), how, address=f"{NUMBER}/{whose.pk}",
            said={PHONE: contact.value},
        )  # fmt: skip
    except keeping.Kept:
        return looks.show(request, "kept", {}, language=language, status=HTTPStatus.ACCEPTED)
    time.sleep(BEAT - (time.monotonic() - came) % BEAT)
    return looks.SeeOther(f"{reverse('preferences-stopped')}?lang={language}")


def _proved(visit: Visit, language: str) -> HttpResponse:
    token = vault.act_token(visit.pk, use=entry.VISIT)
    return looks.SeeOther(f"{reverse('preferences', args=[token])}?lang={language}")


def _company(slug: str) -> Company | None:
    """The company that was named; where nobody is named, the only one there is."""
    companies = list(Company.objects.filter(slug=slug) if slug else Company.objects.all()[:2])
    return companies[0] if len(companies) == 1 else None


def _contact(text: str, company: Company | None) -> Contact:
    try:
        return Contact.tel(text, company.country if company else None)
    except BadInput as error:
        if error.code not in _STILL_A_NUMBER or not text.strip().startswith("+"):
            raise
        return Contact.stopping(text)


def _show(
    request: HttpRequest, language: str, fields: dict[str, str], *, problem: BadInput | None = None
) -> HttpResponse:
    companies = list(Company.objects.order_by("name"))
    chosen = _company(fields.get(COMPANY) or request.GET.get(COMPANY, ""))
    typed = fields.get(PHONE, "")
    context = {
        "problems": [problem] if problem else [],
        "companies": companies if len(companies) > 1 else [],
        "chosen": chosen,
        "typed": typed if len(typed) <= LONGEST_TEXT and typed.isprintable() else "",
    }
    status = problem.status if problem else HTTPStatus.OK
    only = companies[0] if len(companies) == 1 else None
    return looks.show(request, "number", context, language=language, company=only, status=status)
