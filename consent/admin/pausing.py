"""Stopping what leaves, of a whole company or of one sender, and going on: asked once more, and on record."""

from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import catalogue, journal
from consent.admin import openings, scope
from consent.admin.site import admin_page
from consent.models import Company, OutboundMessage, Sender

MAY_PAUSE = "consent.change_outboundmessage"
OUTBOX = "admin:consent_outboundmessage_changelist"


def company(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a company, or let it go on."""
    return _page(request, Company, pk, lambda found: found)


def sender(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop one sender, or let it go on."""
    return _page(request, Sender, pk, lambda found: found.company)


def _page(request: HttpRequest, model: Any, pk: int, company_of: Any) -> HttpResponse:
    if not request.user.has_perm(MAY_PAUSE):
        raise PermissionDenied
    found = scope.within(model.objects.filter(pk=pk), request).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        _turn(request, model, found, company_of(found), stop=request.POST.get("answer") == "stop")
        return redirect(OUTBOX)
    waiting = OutboundMessage.objects.filter(
        **{model._meta.model_name: found.pk}, state=OutboundMessage.State.QUEUED
    )
    context = {
        "title": _("Go on sending?") if found.is_paused else _("Stop sending?"),
        "what": found,
        "is_paused": found.is_paused,
        "waiting": waiting.count(),
    }
    return TemplateResponse(request, "consent/admin/pause.html", admin_page(request, context))


def _turn(request: HttpRequest, model: Any, found: Any, company: Company, *, stop: bool) -> None:
    """Write down, also in the log, who stopped or started what; nothing where somebody was faster."""
    with transaction.atomic():
        if not model.objects.filter(pk=found.pk, is_paused=not stop).update(is_paused=stop):
            notes.info(request, _("That was done already."))
            return
        journal.write(
            "sending_stopped" if stop else "sending_resumed", company=company, at=timezone.now(),
            entity=openings.entity(request), **({"sender": str(found.pk)} if model is Sender else {}),
        )  # fmt: skip
    catalogue.forget()
    if stop:
        notes.warning(request, _("Stopped: nothing leaves from %(what)s any more.") % {"what": found})
    else:
        notes.success(request, _("What waits at %(what)s leaves again.") % {"what": found})
