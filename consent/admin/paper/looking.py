"""One page beside what is typed of it: read by a person, written down, and on to the next."""

import base64
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import vault
from consent.admin import labels, openings
from consent.admin.paper import progress
from consent.admin.site import admin_page
from consent.capture.paper import answers, asked, checking, duplicates, kept
from consent.capture.paper.answers import Answer, Problems, Verdict
from consent.capture.paper.asked import Asked
from consent.errors import BadInput
from consent.models import PaperBatch, PaperPage
from consent.vocabulary import Relation

State = PaperPage.State
LAST = "paper_checked"  # the page somebody checked last, to be taken back


@dataclass(frozen=True, slots=True)
class Row:
    """One box on the sheet: its words, its picture, and what is chosen."""

    name: str
    label: str
    crop: str
    value: str
    choices: tuple[tuple[str, Any], ...]
    is_unsure: bool


def following(request: HttpRequest, batch: PaperBatch) -> HttpResponse:
    """On to the page that needs eyes the most; back to the batch where none does."""
    if not openings.may_open(request):
        raise PermissionDenied
    page = checking.waiting(batch, by=openings.entity(request)).first()
    if page is None:
        messages.info(request, _("Nothing in this batch waits for you."))
        return redirect("admin:consent_paperbatch_change", batch.pk)
    return redirect("admin:consent_paperpage_check", page.pk)


def look(request: HttpRequest, page: PaperPage) -> HttpResponse:
    """A page with its form. Looking is written down once for each person; only a POST changes anything."""
    if not openings.may_open(request):
        raise PermissionDenied
    openings.trace_page(request, page)
    words = asked.asked(page)
    if words is None:
        messages.error(request, _("Its capture point or notice is not there any more."))
        return redirect("admin:consent_paperbatch_change", page.batch_id)
    if request.method != "POST":
        return _page(request, page, words, typed=_suggested(page, words))
    fields = {name: request.POST.get(name, "") for name in request.POST}
    try:
        answer = answers.read(fields, words, now=timezone.now())
        number = fields.get("look", "")
        look = int(number) if number in {"1", "2", "3"} else 0
        checking.check(page, answer, by=openings.entity(request), look=look, at=timezone.now())
    except Problems as problem:
        return _page(request, page, words, typed=fields, problems=problem.problems)
    except BadInput as problem:
        return _page(request, page, words, typed=fields, problems=(problem,))
    request.session[LAST] = str(page.pk)
    return redirect("admin:consent_paperbatch_check", page.batch_id)


def number(request: HttpRequest, page: PaperPage) -> HttpResponse:
    """Whether a number is one, and how it is written; never in an address, because it is personal."""
    if not openings.may_open(request):
        raise PermissionDenied
    try:
        contact = answers.read_number(request.POST.get("number", ""), page.batch.company)
    except BadInput as problem:
        return JsonResponse({"is_good": False, "message": problem.message})
    return JsonResponse({"is_good": True, "message": contact.value})


def undo(request: HttpRequest, page: PaperPage) -> HttpResponse:
    """Take one's own last check back, and show the page again."""
    if not openings.may_open(request):
        raise PermissionDenied
    if checking.undo(page, by=openings.entity(request), at=timezone.now()):
        messages.success(request, _("Taken back. The check stays in the list, marked so."))
        request.session[LAST] = ""
        return redirect("admin:consent_paperpage_check", page.pk)
    messages.warning(request, _("This cannot be taken back any more."))
    return redirect("admin:consent_paperbatch_change", page.batch_id)


def reopen(request: HttpRequest, page: PaperPage) -> HttpResponse:
    """Have a page looked at afresh that lies aside, whoever set it there, and show it."""
    if not openings.may_open(request):
        raise PermissionDenied
    if checking.reopen(page, by=openings.entity(request), at=timezone.now()):
        messages.success(
            request, _("Reopened: it waits to be checked afresh. Who set it aside stays in the list.")
        )
        return redirect("admin:consent_paperpage_check", page.pk)
    messages.warning(
        request, _("This page cannot be reopened: it does not lie aside, or its paper was destroyed.")
    )
    return redirect("admin:consent_paperbatch_change", page.batch_id)


def _page(
    request: HttpRequest, page: PaperPage, words: Asked, *, typed: dict[str, str], problems: Any = ()
) -> HttpResponse:
    by = openings.entity(request)
    read = kept.unseal_values("reading", page.pk, page.reading)
    crops = {name: f"data:image/jpeg;base64,{crop}" for name, crop in read.get("crops", {}).items()}
    waiting = checking.waiting(page.batch, by=by)
    queue = list(waiting.values_list("pk", flat=True)[:500])
    number_now = checking.LOOKS.get(State(page.state), 0)
    wrong = {problem.pointer: problem.message for problem in problems}
    context = {
        "title": _("Sheet %(number)s") % {"number": page.number + 1},
        "page": page,
        "batch": page.batch,
        "look": number_now,
        "is_mine": not number_now or page.pk in queue or waiting.filter(pk=page.pk).exists(),
        "badge": labels.badge("requested", page.get_state_display()),
        "why": progress.reason(page.reason),
        "picture": _picture(page),
        "crops": crops,
        "typed": typed,
        "wrong": wrong,
        "problems": problems,
        "rows": _rows(words, read, crops, typed),
        "verdicts": _verdicts(words, typed),
        "relations": Relation.choices if words.ask.point.asks_guardian else [],
        "of_age_help": _(
            "A yes needs both. Where the sheet does not say them, choose so above. A form of your own may say the day"
            " of birth: write the day 18 years later."
        ),
        "languages": [(code, name) for code, name in _languages(words)],
        "twins": duplicates.twins(page),
        "earlier": _earlier(page) if number_now == checking.LOOKS[State.THIRD] else [],
        "next": _address(_neighbour(queue, page, 1)),
        "previous": _address(_neighbour(queue, page, -1)),
        "waiting": len(queue),
        "undo": _undo(request, page),
        "can_be_reopened": checking.may_be_reopened(page),
        "checks": [
            (check, labels.who(check.by), labels.who(check.undone_by) if check.undone_by else "")
            for check in page.checks.order_by("at")
        ],
        "statement": words.statement,
    }
    return TemplateResponse(request, "consent/admin/sheet.html", admin_page(request, context))


def _suggested(page: PaperPage, words: Asked) -> dict[str, str]:
    """What the machine read, for a person to confirm. A box it is not sure of stays open."""
    read = kept.unseal_values("reading", page.pk, page.reading)
    signature = read.get("signature", "")
    verdict = {"present": Verdict.FILLED, "absent": Verdict.NOT_SIGNED}.get(signature, "")
    boxes = {f"{answers.BOX}{key}": value for key, value in read.get("boxes", {}).items()}
    language = words.statement.language
    return {"verdict": str(verdict), "number": str(read.get("digits", "")), "language": language, **boxes}


def _rows(words: Asked, read: dict[str, Any], crops: dict[str, str], typed: dict[str, str]) -> list[Row]:
    choices = ((answers.YES, _("yes")), (answers.NO, _("no")), (answers.EMPTY, _("empty")))
    unsure = read.get("unsure", [])
    return [
        Row(
            name=f"{answers.BOX}{box.key}", label=box.label, crop=crops.get(f"row-{place}", ""),
            value=typed.get(f"{answers.BOX}{box.key}", ""), choices=choices, is_unsure=box.key in unsure,
        )
        for place, box in enumerate(words.statement.boxes)
    ]  # fmt: skip


def _verdicts(words: Asked, typed: dict[str, str]) -> list[tuple[str, Any, bool]]:
    return [(one, Verdict(one).label, typed.get("verdict") == one) for one in answers.verdicts(words)]


def _languages(words: Asked) -> list[tuple[str, str]]:
    from consent.vocabulary import Language

    return [(code, name) for code, name in Language.choices if code in words.version.wordings]


def _picture(page: PaperPage) -> str:
    try:
        content = kept.unseal("copy", page.pk, page.copy)
    except vault.SealBroken:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}" if content else ""


def _earlier(page: PaperPage) -> list[tuple[str, Answer]]:
    """What the two before read, side by side, for whoever looks a third time."""
    checks = page.checks.filter(undone_at=None).order_by("look")
    return [(labels.who(check.by), checking.answer_of(check)) for check in checks]


def _neighbour(queue: list[Any], page: PaperPage, step: int) -> Any:
    if page.pk not in queue:
        return queue[0] if queue and step > 0 else None
    place = queue.index(page.pk) + step
    return queue[place] if 0 <= place < len(queue) else None


def _address(pk: Any) -> str:
    return reverse("admin:consent_paperpage_check", args=[pk]) if pk else ""


def _undo(request: HttpRequest, page: PaperPage) -> str:
    """Where to take back one's check of this page, else the one made last."""
    mine = page.checks.filter(undone_at=None).order_by("look").last()
    is_mine = mine is not None and mine.by == openings.entity(request) and page.state != State.COMMITTED
    last = str(page.pk) if is_mine else request.session.get(LAST, "")
    return reverse("admin:consent_paperpage_undo", args=[last]) if last else ""
