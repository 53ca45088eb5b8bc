"""How far a batch is: what has arrived, what was read, checked and committed, and what lies aside and why."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from consent import catalogue
from consent.admin import labels, openings, troubles
from consent.capture.paper import checking, reading, telling, telling_again, uploading
from consent.models import OutboundMessage, PaperBatch, PaperCheck, PaperFile, PaperPage
from consent.paper.result import Reason
from consent.vault import SealBroken

State = PaperPage.State
MOST_LISTED = 500  # pages in one list
TELLING = (OutboundMessage.Kind.ASK, OutboundMessage.Kind.RECEIPT)

# Why a page lies aside, or needs eyes before anything else.
REASONS = {
    "not_signed": _("not signed"),
    "unreadable": _("unreadable"),
    "duplicate": _("a duplicate"),
    "no_sheet": _("no sheet of ours"),
    "no_guardian": _("without a guardian who can speak for the child"),
    "of_age": _("the child is 18, or will be within two weeks, and speaks for itself"),
    "nothing_ticked": _("nothing was ticked"),
    "other_company": _("it names a capture point that is not of this company"),
    "malware": _("The virus scanner found something in it. It was not read, and nobody gets to open it."),
    "scanner_silent": _(
        "The virus scanner does not answer or does not take it: it waits, and is tried again."
    ),
    "seal_broken": _("its seal does not open; is its key still in OPTIN_KEYRING?"),
    "unexpected": _("something broke that nobody expected; the log of the worker (manage.py work) says what"),
    PaperPage.ERASED: _("erased at the person's request: nothing is kept of it"),
    "not_asked": _("its capture point or notice is not there any more"),
}


@dataclass(frozen=True, slots=True)
class Totals:
    """The pages of a batch, by where they stand."""

    to_check: int
    second: int
    third: int
    ready: int
    committed: int
    aside: int

    @property
    def all(self) -> int:
        return self.to_check + self.second + self.third + self.ready + self.committed + self.aside

    @property
    def open(self) -> int:
        return self.to_check + self.second + self.third


def of(batch: PaperBatch) -> Totals:
    """The totals of a batch. One query."""
    counts = dict(batch.pages.order_by().values_list("state").annotate(number=Count("pk")))
    return Totals(*(counts.get(state, 0) for state in State.values))


def context(request: HttpRequest, batch: PaperBatch) -> dict[str, Any]:
    """What the page of a batch shows beside its form."""
    by = openings.entity(request)
    files = [_file(file) for file in batch.files.all()]
    totals = of(batch)
    untold = _untold(batch)
    needs_a_template = bool(totals.all) and _needs_a_template(batch)
    return {
        "batch": batch,
        "totals": totals,
        "files": files,
        "rows": _rows(batch),
        "untold": untold,
        "needs_a_template": needs_a_template,
        "can_be_told": len(telling_again.lost(batch)) if untold and not needs_a_template else 0,
        "hidden_rows": max(0, totals.all - MOST_LISTED),
        "mine": checking.waiting(batch, by=by).count(),
        "is_reading": batch.files.filter(state=PaperFile.State.WAITING).exists(),
        "checkers": _checkers(batch),
        "piece": uploading.PIECE,
        "can_be_destroyed": bool(totals.all)
        and not totals.open
        and not totals.ready
        and not batch.destroyed_on,
        "destroyed_by": labels.who(batch.destroyed_by) if batch.destroyed_by else "",
        "is_over": bool(batch.destroyed_on),
    }


def page(request: HttpRequest, whole: dict[str, Any]) -> HttpResponse:
    """The changing part alone."""
    return render(request, "consent/admin/batch_progress.html", whole)


def _pages(batch: PaperBatch) -> Any:
    pages = batch.pages.select_related("file").defer("original", "copy", "reading", "agreed")
    return pages.order_by("file__created_at", "file", "number", "part")


def _rows(batch: PaperBatch) -> list[dict[str, Any]]:
    pages = list(_pages(batch)[:MOST_LISTED])
    told = OutboundMessage.objects.filter(act__in=[page.act for page in pages if page.act], kind__in=TELLING)
    messages = {message.act: message for message in told.defer("sealed").order_by("created_at")}
    return [_row(page) | {"told": _told(page, messages.get(page.act))} for page in pages]


def _told(page: PaperPage, message: OutboundMessage | None) -> tuple[Any, str]:
    """How far the message is that tells the person, with what keeps it; nothing before there is a record."""
    if page.state != State.COMMITTED:
        return "", ""
    if message is None:
        return _("nobody to tell: no yes of it counts now"), ""
    colour = {"sent": "given", "delivered": "given", "failed": "refused", "expired": "refused"}
    trouble = troubles.of(message.error)
    why = f"{trouble.means} {trouble.todo}" if trouble else message.error
    return labels.badge(colour.get(message.state, "requested"), message.get_state_display()), why


def _untold(batch: PaperBatch) -> int:
    """How many people could not be told what was registered."""
    acts = batch.pages.filter(state=State.COMMITTED).values("act")
    lost = (OutboundMessage.State.FAILED, OutboundMessage.State.EXPIRED)
    return OutboundMessage.objects.filter(act__in=acts, kind__in=TELLING, state__in=lost).count()


def _needs_a_template(batch: PaperBatch) -> bool:
    """Whether people would not be told on WhatsApp for want of words that were approved for it."""
    ask = catalogue.ask(batch.company.slug, batch.point.slug)
    return ask is not None and telling.needs_a_template(ask, batch.language)


def _row(page: PaperPage) -> dict[str, Any]:
    colours = {State.READY: "given", State.COMMITTED: "given", State.ASIDE: "closed", State.THIRD: "refused"}
    badge = labels.badge(colours.get(State(page.state), "requested"), page.get_state_display())
    return {"page": page, "number": page.number + 1, "badge": badge, "why": reason(page.reason)}


def _file(file: PaperFile) -> dict[str, Any]:
    percent = 100 * file.arrived // file.size
    try:
        name = uploading.name_of(file)
    except SealBroken:
        name = ""
    again = file.state == PaperFile.State.FAILED and file.reason in uploading.AGAIN
    return {"file": file, "name": name, "percent": percent, "why": reason(file.reason), "again": again}


def reason(code: str) -> Any:
    """A reason in words."""
    if code in set(Reason):
        return reading.EXPLAINED[Reason(code)]
    return REASONS.get(code, code)


def _checkers(batch: PaperBatch) -> list[tuple[str, int]]:
    """Who checked how many pages."""
    checks = PaperCheck.objects.filter(page__batch=batch).order_by("by")
    counted = checks.values_list("by").annotate(number=Count("pk", filter=Q(undone_at=None)))
    return [(labels.who(by), number) for by, number in counted]
