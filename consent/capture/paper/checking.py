"""Who checks which page: a first look, a second by somebody else under the policy, a third where the two differ."""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from consent import journal, vault
from consent.capture.paper import answers, kept
from consent.capture.paper.answers import Answer
from consent.contact import TEL, Contact
from consent.errors import BadInput
from consent.models import PaperBatch, PaperCheck, PaperPage

State = PaperPage.State
LOOKS = {State.TO_CHECK: 1, State.SECOND: 2, State.THIRD: 3}

_NOT_NOW = _("Somebody was faster: this page does not wait for this check any more.")
_SAME_PERSON = _("You made the first check of this page. The second is for somebody else.")


def waiting(batch: PaperBatch, *, by: str) -> QuerySet[PaperPage]:
    """The pages of a batch that somebody may check now, the most doubtful first."""
    mine = PaperCheck.objects.filter(page=OuterRef("pk"), look=1, by=by, undone_at=None)
    pages = PaperPage.objects.filter(batch=batch, state__in=list(LOOKS))
    return pages.exclude(Q(state=State.SECOND) & Q(Exists(mine))).order_by(
        "-doubt", "file__created_at", "file", "number", "part"
    )


def check(page: PaperPage, answer: Answer, *, by: str, look: int, at: datetime) -> PaperPage:
    """Write down what somebody read on a page, and move it on. Raises BadInput where the page has moved."""
    with transaction.atomic():
        page = PaperPage.objects.select_for_update(of=("self",)).select_related("batch").get(pk=page.pk)
        if LOOKS.get(State(page.state)) != look:
            raise BadInput("page.moved", _NOT_NOW, status=409)
        first = _check_of(page, 1)
        if look == 2 and first is not None and first.by == by:
            raise BadInput("page.same_person", _SAME_PERSON, status=403)
        sealed = kept.seal_values(f"check {look}", page.pk, answer.values())
        lookup = answer.number and vault.lookup(page.batch.company_id, Contact(TEL, answer.number))
        PaperCheck.objects.create(page=page, look=look, by=by, at=at, answer=sealed, lookup=lookup or None)
        if look == 1 and is_drawn(page.batch, page.pk):
            _move(page, State.SECOND)
        elif look == 2 and first is not None and not answer.agrees_with(answer_of(first)):
            _move(page, State.THIRD)
        else:
            _settle(page, answer)
    return page


def undo(page: PaperPage, *, by: str, at: datetime) -> bool:
    """Take back the last check of a page, by whoever made it, unless the page is committed. False where it is not."""
    with transaction.atomic():
        page = PaperPage.objects.select_for_update(of=("self",)).select_related("batch").get(pk=page.pk)
        last = page.checks.filter(undone_at=None).order_by("look").last()
        is_over = page.state == State.COMMITTED or page.reason == PaperPage.ERASED or page.batch.destroyed_on
        if is_over or last is None or last.by != by:
            return False
        last.undone_at, last.undone_by = at, by
        last.save(update_fields=["undone_at", "undone_by"])
        _move(page, next(state for state, look in LOOKS.items() if look == last.look))
    return True


def reopen(page: PaperPage, *, by: str, at: datetime) -> bool:
    """Have a page that was set aside looked at afresh, whoever set it aside; every check stays, marked so.

    False where it does not lie aside any more, or nothing is kept of it: its paper was destroyed, or its person erased.
    """
    with transaction.atomic():
        page = (
            PaperPage.objects.select_for_update(of=("self",)).select_related("batch__company").get(pk=page.pk)
        )
        if not may_be_reopened(page):
            return False
        page.checks.filter(undone_at=None).update(undone_at=at, undone_by=by)
        journal.write(
            "batch", company=page.batch.company, at=at, batch=str(page.batch_id), what="reopened",
            page=str(page.pk), entity=by,
        )  # fmt: skip
        _move(page, State.TO_CHECK)
    return True


def may_be_reopened(page: PaperPage) -> bool:
    """Whether a page lies aside of which something is kept."""
    return page.state == State.ASIDE and page.reason != PaperPage.ERASED and not page.batch.destroyed_on


def is_drawn(batch: PaperBatch, page: UUID) -> bool:
    """Whether a second person checks this page: it follows from the policy, the seed and the page's id alone."""
    if batch.policy != PaperBatch.Policy.SAMPLE:
        return batch.policy == PaperBatch.Policy.ALL
    rank = int.from_bytes(hashlib.sha256(f"{batch.seed}\n{page}".encode()).digest()[:8])
    return rank % 100 < batch.percent


def answer_of(check: PaperCheck) -> Answer:
    """What a check says. Raises vault.SealBroken."""
    values = kept.unseal_values(f"check {check.look}", check.page_id, check.answer)
    return answers.restored(values)


def agreed(page: PaperPage) -> Answer:
    """What the checks of a page agree on. Raises vault.SealBroken."""
    return answers.restored(kept.unseal_values("agreed", page.pk, page.agreed))


def _check_of(page: PaperPage, look: int) -> PaperCheck | None:
    return page.checks.filter(look=look, undone_at=None).first()


def _settle(page: PaperPage, answer: Answer) -> None:
    if not answer.is_filled:
        _move(page, State.ASIDE, reason=answer.verdict)
        return
    page.agreed = kept.seal_values("agreed", page.pk, answer.values())
    page.person = vault.digest("paper person", answer.number, answer.signed_on)
    _move(page, State.READY)


def _move(page: PaperPage, state: str, *, reason: str = "") -> None:
    if state in LOOKS:
        page.agreed, page.person = b"", None
    page.state, page.reason = state, reason
    page.save(update_fields=["state", "reason", "agreed", "person"])
