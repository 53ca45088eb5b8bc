"""The proof a form asks for under pressure: work by the browser, or patience; each counts once."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import altcha
import django_altcha
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consent.capture.website.pinned import Pinned
from consent.capture.website.reading import PROOF

WAIT = timedelta(seconds=20)  # less than most people take to read and type
WORK = 100_000  # about a second on a cheap phone


def is_given(fields: Mapping[str, str], pinned: Pinned, *, reference: str, now: datetime) -> bool:
    """Whether the form brings a solved challenge, or was open for a while; a second click counts again."""
    payload = fields.get(PROOF, "")
    if _is_solved(payload) and _is_first_use(f"worked:{_name(payload)}", reference):
        return True
    return now - pinned.shown_at >= WAIT and _is_first_use(f"waited:{pinned.nonce}", reference)


@require_safe
def challenge(_request: HttpRequest) -> HttpResponse:
    """A fresh challenge for the widget."""
    made = django_altcha.get_altcha_challenge(max_number=WORK)
    return JsonResponse(made.__dict__, headers={"Cache-Control": "no-store"})


def strings() -> str:
    """What the widget says, in the language now active, as JSON."""
    return json.dumps(
        {
            "label": _("I am not a program"),
            "verifying": _("Checking…"),
            "verified": _("Checked"),
            "error": _("The check failed. Wait a moment, then send the form again."),
            "expired": _("The check took too long. Please try again."),
            "waitAlert": _("Checking… please wait."),
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
