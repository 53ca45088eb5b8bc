"""What ends a batch: its pages become records, people are told, and the paper is destroyed."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent import vault
from consent.admin import openings, scope
from consent.capture.paper import committing, keeping, telling_again
from consent.models import PaperBatch


def commit(request: HttpRequest, batch: PaperBatch) -> HttpResponse:
    """Make records of every page that is ready."""
    by = openings.entity(request)
    if not openings.may_open(request):
        raise PermissionDenied
    found: dict[str, int] = {}
    try:
        for page in committing.ready(batch):
            outcome = committing.commit(page, by=by)
            found[outcome] = found.get(outcome, 0) + 1
    except vault.SealBroken:
        messages.error(
            request, _("A seal does not open. Is the key it was made with still in OPTIN_KEYRING?")
        )
    recorded = found.pop(committing.Outcome.RECORDED, 0)
    if recorded:
        text = ngettext("%(number)s sheet is on record.", "%(number)s sheets are on record.", recorded)
        messages.success(request, text % {"number": recorded})
    if aside := sum(found.values()):
        text = ngettext(
            "%(number)s sheet was set aside; the list says why.",
            "%(number)s sheets were set aside; the list says why.",
            aside,
        )
        messages.warning(request, text % {"number": aside})
    return redirect("admin:consent_paperbatch_change", batch.pk)


def tell(request: HttpRequest, batch: PaperBatch, *, log: Callable[[str], object]) -> HttpResponse:
    """Tell those who could not be told for want of approved words."""
    if not openings.may_open(request):
        raise PermissionDenied
    now, told = timezone.now(), 0
    for message in telling_again.lost(batch):
        if telling_again.tell_again(message, at=now):
            log(f"Message {message.pk} queued again.")
            told += 1
    text = ngettext("%(number)s person is told now.", "%(number)s people are told now.", told)
    if told:
        messages.success(request, text % {"number": told})
    else:
        messages.warning(
            request, _("Nobody is told: no words are approved for it yet, or it does not count any more.")
        )
    return redirect("admin:consent_paperbatch_change", batch.pk)


def destroyed(request: HttpRequest, batch: PaperBatch) -> HttpResponse:
    """Write down that the paper is gone."""
    today = timezone.localdate(timezone=scope.time_zone(request))
    try:
        day = date.fromisoformat(request.POST.get("destroyed_on", ""))
    except ValueError:
        day = None
    if day is None or day > today:
        messages.error(request, _("Say on which day the paper was destroyed; it cannot be in the future."))
    elif not keeping.destroy(batch, on=day, by=openings.entity(request), at=timezone.now()):
        messages.error(request, _("Some sheets of this batch are still to be checked or committed."))
    else:
        messages.success(request, _("Written down. What was set aside was deleted with the paper."))
    return redirect("admin:consent_paperbatch_change", batch.pk)
