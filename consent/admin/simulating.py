"""Trying a sandbox number's health: its people block or like it, and time passes as staff press."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from consent.admin import scope
from consent.models import QualityPoll, Sender
from consent.quality import clocks, keeping, polling
from consent.quality.clocks import Clock
from consent.sandbox import rating

PRESSES = {"block": rating.BLOCK, "like": rating.LIKE}
JUMPS = {"day": timedelta(days=1), "week": timedelta(days=7)}


def simulate(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what a button says, and have the pretend Meta asked at once."""
    if not request.user.has_perm("consent.change_sender"):
        raise PermissionDenied
    found = scope.within(Sender.objects.select_related("company").filter(pk=pk), request).first()
    if found is None or not _is_tried(found):
        raise Http404
    act, now = request.POST.get("act", ""), timezone.now()
    if act in PRESSES:
        rating.press(found, PRESSES[act], at=now)
    elif act in JUMPS:
        _let_pass(found, JUMPS[act])
    polling.at_once(found, at=timezone.now())
    return redirect("admin:consent_sender_health", found.pk)


def context(sender: Sender, clock: Clock, poll: QualityPoll | None) -> dict[str, Any] | None:
    """What the page of a number says of its simulation; None for numbers that are real."""
    if not _is_tried(sender):
        return None
    return {"days": clock.ahead.days, "is_waiting": poll is not None and poll.due_at <= timezone.now()}


def _is_tried(sender: Sender) -> bool:
    return settings.OPTIN_SANDBOX and sender.provider == "sandbox" and bool(sender.number_id)


def _let_pass(sender: Sender, by: timedelta) -> None:
    """Time passes for every number of the company in the sandbox."""
    now = timezone.now()
    with transaction.atomic():
        clocks.let_pass(sender.company, by, at=now)
        for one in Sender.objects.filter(company=sender.company_id, provider="sandbox"):
            keeping.judge(one, at=clocks.of(one).shown(timezone.now()))
