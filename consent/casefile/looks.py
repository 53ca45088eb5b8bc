"""How what a person was shown looked: a page for each act, which opens in any browser and asks nobody anything."""

import json
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import override

from consent import branding, guardian
from consent.models import Company
from consent.vocabulary import django_code


def render(evidence: bytes, *, company: Company, language: str) -> bytes | None:
    """The page of an act in the reader's `language`; None where its evidence holds nothing that was shown.

    What was shown stands there word for word, in the language it was shown in.
    """
    found: dict[str, Any] = json.loads(evidence)
    questions = [answer["question"] for answer in found.get("answers") or [] if answer.get("question")]
    if not found.get("text") and not questions:
        return None
    context = {
        "language": language,
        "company": company,
        "brand": branding.brand(company),
        "shown_in": found.get("language", ""),
        "paragraphs": str(found.get("text", "")).split("\n\n"),
        "boxes": found.get("boxes") or [],
        "guardian_text": found.get("guardian_text") or {},
        "questions": questions,
        "answer": found.get("message", ""),
        "at": found.get("shown_at") or found.get("received_at") or "",
    }
    with override(django_code(language)):
        context["guardians"] = guardian.named(found)
        return render_to_string("consent/case/looks.html", context).encode()
