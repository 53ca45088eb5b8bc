"""The steps of a list: tried, recorded by one or approved by two, or undone; each written down in the log."""

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from consent import journal
from consent.errors import BadInput
from consent.imports import keeping, mapping, verdicts
from consent.imports.mapping import Columns
from consent.models import Company, Import
from consent.vocabulary import Channel

State = Import.State
UNDOABLE = (State.MAPPING, State.CHECKING, State.CHECKED, State.APPROVAL)

_WHICH_LETTERS = _(
    "Say whether the letters are right. If they are not, undo the list, save the file as “CSV UTF-8” and bring it"
    " again."
)
_NO_NUMBERS = _("Say which column holds the phone numbers. The columns are: %(columns)s.")
_NO_PURPOSE = _("Say for which purpose people agreed: choose its column, or one purpose for every row.")
_NO_CHANNEL = _("Say for which channel the list is: choose its column, or one channel for every row.")
_NO_DAY = _("Say which column holds the day on which people agreed. The columns are: %(columns)s.")


def begin(batch: Import, columns: Columns) -> None:
    """Take what the columns mean, and go on: a dry run for consents; opt-outs are recorded at once.

    Raises BadInput where something that every row needs is neither in a column nor said for all of them.
    """
    _check(batch, columns)
    keeping.choose(batch, columns)
    is_at_once = batch.kind == Import.Kind.OPT_OUTS
    batch.state = State.COMMITTING if is_at_once else State.CHECKING
    batch.position, batch.counts, batch.lease_until = 0, {}, None
    fields = ["sealed", "state", "position", "counts", "lease_until", "committed_by", "started_at"]
    if is_at_once:
        batch.committed_by, batch.started_at = batch.entity, batch.created_at
    if not _move(batch, (State.MAPPING, State.CHECKED, State.APPROVAL), fields):
        raise _elsewhere()


def commit(batch: Import, *, entity: str, at: datetime) -> None:
    """Have a list recorded that was tried; a large one first waits for somebody else. Raises BadInput."""
    batch.committed_by = entity
    if to_record(batch) > settings.OPTIN_IMPORT_APPROVAL_ROWS:
        batch.state = State.APPROVAL
        if not _move(batch, (State.CHECKED,), ["state", "committed_by"]):
            raise _elsewhere()
        return
    _start(batch, (State.CHECKED,), at=at)


def approve(batch: Import, *, entity: str, at: datetime) -> None:
    """Have a large list recorded, as somebody else than those who brought it in and asked for it."""
    if entity in (batch.entity, batch.committed_by):
        raise BadInput("four_eyes", _("Somebody else has to approve this list."), status=403)
    batch.approved_by = entity
    _start(batch, (State.APPROVAL,), at=at)


def undo(batch: Import, *, entity: str, at: datetime) -> None:
    """Let a list go before anything of it is recorded. Raises BadInput where it is too late."""
    with transaction.atomic():
        batch.state = State.UNDONE
        if not _move(batch, UNDOABLE, ["state"]):
            raise BadInput(
                "import.recorded",
                _("It is too late: the list is being recorded, or was undone before."),
                status=409,
            )
        keeping.forget(batch, state=State.UNDONE, at=at)
        _write_down(batch, "import_undone", at=at, by=entity)


def leave(batch: Import, *, at: datetime) -> None:
    """Close a list that is being recorded and does not open any more: what is recorded stays. Raises BadInput."""
    with transaction.atomic():
        stuck = Import.objects.select_for_update().filter(state=State.COMMITTING).exclude(trouble="")
        found = stuck.filter(pk=batch.pk).first()
        if found is None:
            raise _elsewhere()
        left = found.parts.filter(number__gte=found.position).aggregate(rows=Sum("rows"))["rows"]
        found.counts = Counter(found.counts) + Counter({verdicts.LOST: left or 0})
        found.save(update_fields=["counts"])
        end(found, at=at)


def end(batch: Import, *, at: datetime) -> None:
    """Close a list of which every part is recorded, in the transaction of the last one."""
    keeping.forget(batch, state=State.DONE, at=at)
    _write_down(batch, "imported", at=at, by=batch.committed_by)


def to_record(batch: Import) -> int:
    """How many rows of a list that was tried would become records."""
    return sum(number for code, number in batch.counts.items() if code in verdicts.GOOD)


def _start(batch: Import, states: tuple[str, ...], *, at: datetime) -> None:
    batch.state, batch.position, batch.counts, batch.started_at = State.COMMITTING, 0, {}, at
    fields = ["state", "position", "counts", "started_at", "committed_by", "approved_by"]
    if not _move(batch, states, fields):
        raise _elsewhere()


def _move(batch: Import, states: tuple[str, ...], fields: list[str]) -> bool:
    """Save `fields` only if nobody moved the list on meanwhile."""
    values = {name: getattr(batch, name) for name in fields}
    return bool(Import.objects.filter(pk=batch.pk, state__in=states).update(**values))


def _elsewhere() -> BadInput:
    return BadInput("import.moved", _("Somebody has gone on with this list meanwhile."), status=409)


def _check(batch: Import, columns: Columns) -> None:
    about = keeping.about(batch)
    if about.proposed and columns.encoding != about.proposed:
        raise BadInput("encoding.unconfirmed", _WHICH_LETTERS, pointer="encoding")
    if batch.kind == Import.Kind.LEDGER:
        return
    company: Company = batch.company
    headings = about.headings
    if any(not 0 <= place < len(headings) for place in columns.columns.values()):
        raise BadInput("column.unknown", _("There is no such column."))
    seen = {"columns": ", ".join(headings)}
    if "contact" not in columns.columns:
        raise BadInput("column.contact", _NO_NUMBERS, pointer="contact", params=seen)
    if columns.purpose and not company.purposes.filter(slug=columns.purpose).exists():
        raise BadInput("purpose.unknown", _("The company has no such purpose."), pointer="purpose")
    is_all = columns.channel == mapping.EVERYWHERE and batch.kind == Import.Kind.OPT_OUTS
    if not is_all and columns.channel not in Channel.values and "channel" not in columns.columns:
        raise BadInput("channel.unknown", _NO_CHANNEL, pointer="channel")
    if batch.kind == Import.Kind.OPT_OUTS:
        return
    if not columns.purpose and "purpose" not in columns.columns:
        raise BadInput("purpose.unknown", _NO_PURPOSE, pointer="purpose")
    if "date" not in columns.columns:
        raise BadInput("date.missing", _NO_DAY, pointer="date", params=seen)
    said = (columns.source, columns.evidence, *map(columns.columns.get, ("source", "evidence", "file")))
    if not any(one not in ("", None) for one in said):
        message = _("Say where these consents come from, or which column tells it.")
        raise BadInput("evidence.missing", message, pointer="source")


def _write_down(batch: Import, kind: str, *, at: datetime, by: str) -> None:
    counts = (
        {code: str(number) for code, number in sorted(batch.counts.items())} if kind == "imported" else {}
    )
    journal.write(
        kind, company=batch.company, at=at, entity=by, list=str(batch.pk), rows=str(batch.rows),
        kind_of_list=str(batch.kind), **({"approved_by": batch.approved_by} if batch.approved_by else {}),
        **{f"rows_{code.replace('.', '_')}": number for code, number in counts.items()},
    )  # fmt: skip
