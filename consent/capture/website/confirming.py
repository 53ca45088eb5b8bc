"""Waiting for the proof of a number: the page after the form, and the code typed there."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import catalogue, codes, contact, dialogue, http, opening, posted, receipts, vault
from consent.canonical import moment
from consent.capture.website import METHOD, acts, page
from consent.capture.website.acts import Outcome
from consent.capture.website.answer import SeeOther
from consent.catalogue import Ask
from consent.contact import TEL, Contact
from consent.errors import BadInput
from consent.vocabulary import Confirmation, Possession

TAKE_CODES = frozenset({Confirmation.REPLY, Confirmation.CODE})

_LOCKED = _("Too many codes were tried. Wait 10 minutes, or simply answer the message instead.")


@csrf_exempt  # whoever holds the address sent the form, and the code proves the number
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def confirm(request: HttpRequest, company: str, point: str, token: str) -> HttpResponse:
    """The page that waits for a proof. Reading it changes nothing: links are opened by programs too."""
    ask = catalogue.ask(company, point)
    act = vault.read_act_token(token, use="confirm")
    if ask is None or act is None:
        raise Http404("No such page.")
    now = timezone.now()
    outcome = acts.look(act, ask=ask, now=now)
    if outcome is None:
        raise Http404("No such page.")
    if outcome.state != acts.WAITING:
        return _show_outcome(request, ask, outcome)
    if request.method == "POST" and ask.point.confirmation in TAKE_CODES:
        return _post(request, ask, act, now=now)
    if "poll" in request.GET:
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
    return _show(request, ask, act)


def _post(request: HttpRequest, ask: Ask, act: UUID, *, now: datetime) -> HttpResponse:
    try:
        typed = posted.read_fields(request).get(codes.FIELD, "")
        code = codes.read(typed)
        codes.check(act, code, number_key=acts.number_key(act), now=now, locked=_LOCKED)
    except BadInput as problem:
        return _show(request, ask, act, problem=problem)
    recorded = dialogue.confirm(
        act,
        possession=Possession.CODE,
        method=METHOD.slug,
        reference=f"code:{act}",
        evidence={
            "typed": typed,
            "sent_at": moment(now),
            "address": http.client_address(request),
            "peer": str(request.META.get("REMOTE_ADDR", "")),
            "forwarded_for": http.header(request, "X-Forwarded-For"),
            "user_agent": http.header(request, "User-Agent"),
        },
    )
    if recorded is None:
        return _show_outcome(request, ask, Outcome(acts.OVER))
    return _show_outcome(request, ask, Outcome(acts.GIVEN, receipt=recorded.act), is_own=True)


def _show(request: HttpRequest, ask: Ask, act: UUID, *, problem: BadInput | None = None) -> HttpResponse:
    context: dict[str, Any] = {
        "masked": _masked(act),
        "sender": contact.written(ask.sender.address),
        "caller": contact.written(ask.point.voice.address) if ask.point.voice else "",
        "way": ask.point.confirmation,
        "problems": [problem] if problem else [],
        "hours": settings.OPTIN_ASK_TTL_HOURS,
        "code_digits": vault.CODE_DIGITS,
    }
    status = problem.status if problem else HTTPStatus.OK
    response = page.show_page(request, ask, "confirm", context, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(int(codes.LOCKED / timedelta(seconds=1)))
    return response


def _show_outcome(request: HttpRequest, ask: Ask, outcome: Outcome, *, is_own: bool = False) -> HttpResponse:
    """On to the receipt, or a page that says why there is none. `is_own` for whoever just proved the number."""
    use = receipts.OWN if is_own else "receipt"
    token = vault.act_token(outcome.receipt, use=use) if outcome.receipt else ""
    if token and not page.is_framed(request):
        return SeeOther(reverse("receipt", args=[token]))
    status = HTTPStatus.GONE if outcome.state == acts.OVER else HTTPStatus.OK
    context = {"outcome": outcome.state, "receipt_token": token}
    return page.show_page(request, ask, "outcome", context, status=status)


def _masked(act: UUID) -> str:
    """The number the message went to, masked; "" where nothing is held about the act."""
    try:
        number = opening.evidence_of(act).get("number", "")
    except opening.Erased:
        return ""
    return Contact(TEL, str(number)).masked
