"""What staff can do about one person as a whole: prove what they agreed to, and erase them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from consent import casefile, erasure, rights
from consent.admin import confirming, contacts, openings, people, scope
from consent.admin.site import admin_page
from consent.models import Company, ConsentRecord, Erased
from consent.proof import certificate
from consent.vocabulary import from_django_code

MAY_ERASE = "consent.erase_person"


@never_cache
def prove(request: HttpRequest, subject: UUID) -> HttpResponse:
    """The case file of a person, as a download. Only a POST opens what it holds, and that is written down."""
    company = _company(request, subject)
    if not openings.may_open(request):
        raise PermissionDenied
    if request.method != "POST":
        return redirect(people.address(subject))
    if not confirming.is_fresh(request):
        return confirming.ask(request)
    openings.trace(request, company=company, subject=subject)
    content = casefile.build(
        subject, company=company, language=from_django_code(get_language() or ""), at=timezone.now()
    )
    name = f"case-{company.slug}-{people.short(subject)}.zip"
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
def erase(request: HttpRequest, subject: UUID) -> HttpResponse:
    """Erase a person for good, after asking once more."""
    company = _company(request, subject)
    if not request.user.has_perm(MAY_ERASE):
        raise PermissionDenied
    if request.method != "POST":
        context = {
            "title": _("Erase this person?"),
            "subject": subject,
            "short": people.short(subject),
            "masked": openings.masked(subject),
            "person": people.address(subject),
        }
        return TemplateResponse(request, "consent/admin/erase.html", admin_page(request, context))
    try:
        done = erasure.erase(subject, company=company, entity=openings.entity(request))
    except erasure.Held:
        messages.error(request, _("A legal hold forbids to erase this person. Lift it first."))
        return redirect(people.address(subject))
    if done.had_something:
        messages.success(request, _("Erased. Give the person the address of the certificate, below."))
    else:
        messages.info(request, _("This person was erased before; nothing is held."))
    return redirect(people.address(subject))


def context(request: HttpRequest, subject: UUID) -> dict[str, Any]:
    """What a person's page needs to offer both, and their contacts."""
    erased = Erased.objects.filter(subject=subject).first()
    return {
        "may_prove": openings.may_open(request),
        "legal_hold": rights.held(subject),
        "may_erase": request.user.has_perm(MAY_ERASE),
        "erased": erased,
        "certificate": certificate.address(erased.entry) if erased else "",
        **contacts.context(request, subject),
    }


def _company(request: HttpRequest, subject: UUID) -> Company:
    """The company of a person whom this user may see. Raises Http404 for anybody else's."""
    if not request.user.has_perm(people.VIEW):
        raise PermissionDenied
    record = (
        scope.within(ConsentRecord.objects.filter(subject=subject), request).select_related("company").first()
    )
    if record is None:
        raise Http404
    company: Company = record.company
    return company
