"""The proof a form asks for under pressure: work by the browser, or patience; each counts once."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

import altcha
import django_altcha
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from consent.capture.website.reading import PROOF
from consent.errors import BadInput
from consent.pinned import Pinned

_PRESSED = _("Many forms are arriving now. Wait a moment, then send yours again; nothing you typed is lost.")

WAIT = timedelta(seconds=20)  # less than most people take to read and type
WORK = 100_000  # about a second on a cheap phone


def demand(fields: Mapping[str, str], pinned: Pinned, *, reference: str, now: datetime) -> None:
    """Raise BadInput unless the form brings a solved challenge, or was open for a while."""
    payload = fields.get(PROOF, "")
    has_worked = _is_solved(payload) and _is_first_use(f"worked:{_name(payload)}", reference)
    has_waited = now - pinned.shown_at >= WAIT
    if not has_worked and not (has_waited and _is_first_use(f"waited:{pinned.nonce}", reference)):
        raise BadInput("form.pressed", message=_PRESSED, status=HTTPStatus.TOO_MANY_REQUESTS)


@require_safe
def challenge(_request: HttpRequest) -> HttpResponse:
    """A fresh challenge for the widget."""
    made = django_altcha.get_altcha_challenge(max_number=WORK).__dict__
    made |= {
        "maxnumber": WORK
    }  # the widget's own name for it, without which its workers search ten times as far
    return JsonResponse(made, headers={"Cache-Control": "no-store"})


def strings() -> str:
    """What the widget says, in the language now active, as JSON."""
    return json.dumps(
        {
            "label": gettext("I am not a program"),
            "verifying": gettext("Checking…"),
            "verified": gettext("Checked"),
            "error": gettext("The check failed. Wait a moment, then send the form again."),
            "expired": gettext("The check took too long. Please try again."),
            "waitAlert": gettext("Checking… please wait."),
        }
    )


def _is_solved(payload: str) -> bool:
    if not payload:
        return False
    try:
        is_solved, _reason = altcha.verify_solution(payload, django_altcha.get_hmac_key(), check_expires=True)
    except Exception:  # whatever a stranger put there, it is no solution
        return False
    return bool(is_solved)


def _is_first_use(name: str, reference: str) -> bool:
    """Whether nobody used this proof for another answer before. `add` is atomic across processes."""
    remembered = settings.OPTIN_FORM_TTL_HOURS * 60 * 60
    return bool(cache.add(name, reference, remembered)) or cache.get(name) == reference


def _name(payload: str) -> str:
    """What a solved challenge is remembered by: the challenge itself, however its solution is written."""
    signed = str(json.loads(base64.b64decode(payload))["challenge"])
    return hashlib.sha256(signed.encode()).hexdigest()
