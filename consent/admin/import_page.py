"""The page of one list: how far it is, what its columns may mean, and which rows are not recorded."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from consent.admin import import_forms, labels, openings
from consent.imports import keeping, steps, verdicts
from consent.models import Import, ImportPart
from consent.vault import SealBroken

State = Import.State
SHOWN_ROWS = 50  # that are not recorded, on the page; the download has all

BADGES = {
    State.DONE: "given",
    State.UNDONE: "revoked",
    State.APPROVAL: "requested",
    State.MAPPING: "requested",
    State.CHECKED: "requested",
}


def context(request: HttpRequest, batch: Import, form: import_forms.Map | None = None) -> dict[str, Any]:
    """What the page shows; `form` is what was sent and cannot be taken, if anything."""
    about = keeping.about_if_it_opens(batch)
    is_open = about is not None and batch.state in (State.MAPPING, State.CHECKED)
    is_own = openings.entity(request) == batch.entity
    may_change = request.user.has_perm("consent.change_import")
    parts = batch.parts.count()
    return {
        "title": about.name if about else str(batch),
        "original": batch,
        "about": about,
        "badge": badge(batch),
        "entity": labels.who(batch.entity),
        "form": form or (import_forms.Map(batch) if is_open and may_change else None),
        "preview": _preview(batch) if is_open and (is_own or openings.may_open(request)) else [],
        "trouble": verdicts.TROUBLES.get(keeping.trouble(batch, about), ""),
        "is_running": batch.state in (State.CHECKING, State.COMMITTING),
        "done": round(100 * batch.position / parts) if parts else 0,
        "counts": import_forms.counted(batch),
        "to_record": steps.to_record(batch),
        "problems": _problems(batch),
        "is_undoable": batch.state in steps.UNDOABLE,
        "is_mine": openings.entity(request) in (batch.entity, batch.committed_by),
        "may_change": may_change,
        "files": batch.files.count(),
    }


def badge(batch: Import) -> SafeString:
    """How far a list is, in a word."""
    return labels.badge(BADGES.get(State(batch.state), "queued"), batch.get_state_display())


def _preview(batch: Import) -> list[list[str]]:
    try:
        return keeping.preview(batch)
    except SealBroken:
        return []


def _problems(batch: Import) -> list[tuple[int, Any]]:
    """The first rows that are not recorded, and why."""
    found: list[tuple[int, Any]] = []
    for part in (
        ImportPart.objects.filter(batch=batch).order_by("number").values_list("verdicts", flat=True)[:200]
    ):
        found += [(number, verdicts.WORDS[code]) for number, code in part if code not in verdicts.GOOD]
        if len(found) >= SHOWN_ROWS:
            break
    return found[:SHOWN_ROWS]
