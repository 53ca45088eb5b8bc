"""Checked pages become records: by the day they were signed, with the scan as evidence, once for each sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet, TextChoices
from django.utils import timezone

from consent import dialogue, guardian, history, journal, recording, vault
from consent.canonical import moment
from consent.capture.paper import METHOD, answers, asked, checking, kept, telling, uploading
from consent.capture.paper.answers import NO, YES, Answer
from consent.capture.paper.asked import Asked
from consent.contact import TEL, Contact
from consent.history import Said
from consent.models import CapturePoint, ConsentRecord, PaperBatch, PaperFile, PaperPage
from consent.recording import ConsentEvent, File, Recorded, Telling
from consent.vocabulary import Confirmation, Origin, Possession
from consent.vocabulary import State as Consent
from consent.wording import Box

CLOCK = "paper"  # the day is by the hand that wrote it

State = PaperPage.State


class Outcome(TextChoices):
    """What became of a page."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    NOTHING_TICKED = "nothing_ticked"
    NOT_ASKED = "not_asked"
    OF_AGE = "of_age"
    ERASED = PaperPage.ERASED


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page that is ready: what it asked, what it says, whose it is, and when it was signed."""

    page: PaperPage
    asked: Asked
    answer: Answer
    contact: Contact
    signed_at: datetime

    @property
    def signed_on(self) -> date:
        return date.fromisoformat(self.answer.signed_on)

    @property
    def is_of_age(self) -> bool:
        """Whether the child for whom it was signed speaks for itself by now."""
        speaks = self.answer.guardian
        return speaks is not None and speaks.is_over(at=timezone.now())


def ready(batch: PaperBatch) -> QuerySet[PaperPage]:
    """The pages of a batch that may be committed, in the order in which they came."""
    pages = batch.pages.filter(state=State.READY).select_related(
        "batch__company", "batch__point", "file", "point"
    )
    return pages.order_by("file__created_at", "file", "number", "part")


def commit(page: PaperPage, *, by: str) -> Outcome:
    """Record what a ready page says, once; a page that cannot become a record is set aside with the reason.

    `by` is the member of staff ("staff:<id>"). Raises vault.SealBroken where what was checked does not open.
    """
    if PaperPage.objects.filter(pk=page.pk, reason=PaperPage.ERASED).exists():  # since the list was made
        return Outcome.ERASED
    sheet = _sheet(page)
    if sheet is None:
        return _aside(page, Outcome.NOT_ASKED)
    counting = _counting(sheet)
    events = _events(sheet, counting, by=by)
    if not events:
        return _aside(page, Outcome.OF_AGE if sheet.is_of_age else Outcome.NOTHING_TICKED)
    recorded = recording.record(*events, tell=lambda act: _tell(sheet, counting, act))
    if not recorded.is_new and PaperPage.objects.filter(act=recorded.act).exclude(pk=page.pk).exists():
        return _aside(page, Outcome.DUPLICATE)
    _hand_over(page, recorded, by=by)
    return Outcome.RECORDED


def reference(sheet: Sheet) -> str:
    """The name of the sheet's act: its serial and whose it is, because a sheet may have been copied for several."""
    if not sheet.page.serial:
        return f"{METHOD.slug}:{sheet.page.pk}"
    return f"{METHOD.slug}:{sheet.page.serial}:{vault.digest('paper sheet', sheet.answer.number).hex()}"


def _sheet(page: PaperPage) -> Sheet | None:
    words = asked.asked(page)
    if words is None:
        return None
    answer = checking.agreed(page)
    day = date.fromisoformat(answer.signed_on)
    # A day without an hour is its beginning, where the company is: so it never comes out later than it was.
    zone = ZoneInfo(words.ask.company.time_zone)
    signed_at = datetime.combine(day, time.min, tzinfo=zone)
    return Sheet(page, words, answer, Contact(TEL, answer.number), signed_at)


def _events(sheet: Sheet, counting: Sequence[Box], *, by: str) -> list[ConsentEvent]:
    ask = sheet.asked.ask
    files = _files(sheet.page)
    evidence = _evidence(sheet, by=by)
    said = dict(sheet.answer.boxes)
    found = []
    for box in sheet.asked.statement.boxes:
        if said.get(box.key) not in ((NO,) if sheet.is_of_age else (YES, NO)):
            continue
        state, possession = _state(ask.point, said[box.key], counts=box in counting)
        found.append(
            ConsentEvent(
                company=ask.company, contact=sheet.contact, purpose=box.offer.purpose, channel=box.offer.channel,
                state=state, possession=possession, notice=sheet.asked.version, language=sheet.answer.language,
                event_time=sheet.signed_at, clock=CLOCK, method=METHOD.slug, evidence=evidence, entity=by,
                reference=reference(sheet), point=ask.point, files=files,
                origin=Origin.BATCH.of(sheet.page.batch_id), valid_days=_valid_days(sheet, box),
            )
        )  # fmt: skip
    return found


def _state(point: CapturePoint, said: str, *, counts: bool) -> tuple[Consent, Possession]:
    """How a box is recorded: under most policies a yes waits for the answer to the message.

    A yes that a later stop has overtaken waits for nothing: nobody is asked about it, and it counts for nothing.
    """
    if said == NO:
        return Consent.REFUSED, Possession.NONE
    if point.confirmation == Confirmation.NONE:
        return Consent.GIVEN, Possession.POLICY
    return (Consent.REQUESTED if counts else Consent.GIVEN), Possession.NONE


def _valid_days(sheet: Sheet, box: Box) -> int | None:
    """For how many days a yes for a child counts from the day it was signed; None: as the purpose says."""
    if dict(sheet.answer.boxes)[box.key] != YES:
        return None
    return guardian.limit(sheet.answer.guardian, at=sheet.signed_at, longest=box.offer.purpose.validity_days)


def _counting(sheet: Sheet) -> list[Box]:
    """The boxes with a yes that no later stop has overtaken: only of these the person is told, or asked."""
    said = dict(sheet.answer.boxes)
    boxes = () if sheet.is_of_age else sheet.asked.statement.boxes
    ticked = [box for box in boxes if said.get(box.key) == YES]
    return [box for box in ticked if not _is_overtaken(sheet, box)]


def _is_overtaken(sheet: Sheet, box: Box) -> bool:
    ask, now = sheet.asked.ask, timezone.now()
    subject = dialogue.subject_of(ask.sender, sheet.contact)
    if subject is None:
        return False
    about = Q(purpose=box.offer.purpose_id) | Q(purpose=None)
    records = ConsentRecord.objects.filter(
        about,
        subject__in=history.ids_of([subject])[subject],
        channel=box.offer.channel,
        state__in=history.ENDS,
    )
    ends = [
        Said(end.arrival, end.state, end.possession, 0, end.event_time, end.recorded_at, end.uid, end.clock)
        for end in records
    ]
    last = max((end.arrival for end in ends), default=0)
    yes = Said(last + 1, Consent.GIVEN, Possession.POLICY, 0, sheet.signed_at, now, sheet.page.pk, CLOCK)
    return history.fold([*ends, yes], now).record != yes.uid


def _tell(sheet: Sheet, boxes: Sequence[Box], act: UUID) -> list[Telling]:
    if not boxes:
        return []
    return [telling.telling(sheet.asked.ask, boxes, sheet.answer.language, act, signed_on=sheet.signed_on)]


def _files(page: PaperPage) -> tuple[File, ...]:
    """The scan as people look at it, and as it came."""
    shown = kept.unseal("copy", page.pk, page.copy)
    original = kept.unseal("original", page.pk, page.original)
    copy = [File(name="scan.jpg", media_type="image/jpeg", content=shown)] if shown else []
    suffix = page.media_type.rpartition("/")[2]
    came = [File(name=f"original.{suffix}", media_type=page.media_type, content=original)] if original else []
    return (*copy, *came)


def _evidence(sheet: Sheet, *, by: str) -> dict[str, Any]:
    """What would convince an auditor: the words on the sheet, each box, who read it, and where the paper lies."""
    page, batch, answer = sheet.page, sheet.page.batch, sheet.answer
    said = dict(answer.boxes)
    checks = page.checks.filter(undone_at=None).order_by("look")
    return {
        **sheet.asked.statement.evidence(
            sheet.asked.version,
            said=lambda box: {
                "ticked": said.get(box.key) == YES, "answer": said.get(box.key, answers.EMPTY)
            },
        ),
        "language": answer.language,
        "form": "printed by Optin" if sheet.asked.is_printed_by_us else "own form of the company",
        "signed_on": answer.signed_on,
        "typed": answer.typed,
        "number": answer.number,
        "name": answer.name,
        "sheet": page.serial,
        "batch": batch.pk,
        "place": batch.place,
        "box": batch.box,
        "shelf": batch.shelf,
        "file": uploading.name_of(page.file),
        "page": page.number + 1,
        "handed_in_by": page.file.by,
        "checks": [{"look": check.look, "by": check.by, "at": moment(check.at)} for check in checks],
        "committed_by": by,
        "confirmation": str(sheet.asked.ask.point.confirmation),
        **guardian.evidence(
            answer.guardian, language=sheet.asked.statement.language,
            words=guardian.PAPER if sheet.asked.is_printed_by_us else {},
        ),
    }  # fmt: skip


def _hand_over(page: PaperPage, recorded: Recorded, *, by: str) -> None:
    """From now on the sheet lies with its person, under their key; the draft keeps nothing personal."""
    now = timezone.now()
    with transaction.atomic():
        mine = PaperPage.objects.filter(pk=page.pk, state=State.READY)
        if not mine.update(
            state=State.COMMITTED, act=recorded.act, committed_by=by, committed_at=now, original=b"", copy=b"",
            reading=b"", agreed=b"",
        ):  # fmt: skip
            return
        page.checks.update(answer=b"", lookup=None)
        if (
            not PaperPage.objects.filter(file=page.file_id)
            .exclude(state__in=(State.COMMITTED, State.ASIDE))
            .exists()
        ):
            # Files are named after people; their evidence has the name, and goes with them.
            PaperFile.objects.filter(pk=page.file_id).update(name=b"")
        journal.write(
            "paper", company=page.batch.company, at=now, act=str(recorded.act), batch=str(page.batch_id),
            page=str(page.pk), entity=by,
        )  # fmt: skip


def _aside(page: PaperPage, outcome: Outcome) -> Outcome:
    PaperPage.objects.filter(pk=page.pk, state=State.READY).update(state=State.ASIDE, reason=outcome)
    return outcome
