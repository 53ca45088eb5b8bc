"""Lists as companies bring them, and what became of their rows."""

import io
from collections import Counter
from dataclasses import replace
from typing import Any

import openpyxl

from consent.imports import keeping, steps, working
from consent.models import Import, ImportPart
from consent.sample import Sample

CLAIMS, OPT_OUTS = Import.Kind.CLAIMS, Import.Kind.OPT_OUTS


def spreadsheet(*lines: list[Any]) -> bytes:
    """An XLSX file with these rows."""
    book, into = openpyxl.Workbook(), io.BytesIO()
    for line in lines:
        book.active.append(line)
    book.save(into)
    return into.getvalue()


def bring(
    aurora: Sample,
    content: bytes | str,
    *,
    kind: str = CLAIMS,
    name: str = "list.csv",
    entity: str = "staff:1",
) -> Import:
    """A list as it was handed in, its columns guessed."""
    content = content.encode() if isinstance(content, str) else content
    return keeping.take_in(
        io.BytesIO(content), name=name, size=len(content), company=aurora.company, kind=kind, entity=entity
    )


def try_out(batch: Import, **said: Any) -> Counter[str]:
    """Confirm the guessed columns and go through the dry run; opt-outs are recorded by that."""
    columns = replace(
        keeping.about(batch).columns,
        **({"purpose": "novidades", "channel": "sms", "source": "Fair 2024"} | said),
    )
    steps.begin(batch, columns)
    return work(batch)


def work(batch: Import) -> Counter[str]:
    """Let a worker do what waits."""
    while working.drain():
        pass
    batch.refresh_from_db()
    return Counter(batch.counts)


def record(batch: Import, *, entity: str = "staff:1") -> Counter[str]:
    """Have a list that was tried recorded."""
    steps.commit(batch, entity=entity, at=batch.created_at)
    return work(batch)


def verdicts(batch: Import) -> dict[int, str]:
    """The verdict of each row, by its number in the file."""
    parts = ImportPart.objects.filter(batch=batch).order_by("number").values_list("verdicts", flat=True)
    return {number: verdict for part in parts for number, verdict in part}
