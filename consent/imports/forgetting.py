"""Dropping the rows of people who were erased from lists that are not recorded yet."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import transaction

from consent import ledger, vault
from consent.contact import Contact
from consent.errors import BadInput
from consent.imports import cells, claims, keeping
from consent.models import Import, ImportErasure, ImportPart

ERASED = "person.erased"  # what stands in place of the row
FEWEST_DIGITS = 7  # of anything that may be a number


def is_due(batch: Import) -> bool:
    """Whether somebody was erased since the list came in, and their rows may still be there."""
    return batch.erasures.exists()


def forget(batch: Import, *, at: datetime) -> int:
    """Drop every row about people who were erased, and the files that such rows name. Returns how many rows.

    Part by part, each in a transaction; what a crash leaves is done again. Not while the list is still read in.
    """
    due = list(ImportErasure.objects.filter(batch=batch).values_list("id", "lookup"))
    lookups = {bytes(lookup) for _pk, lookup in due}
    dropped = 0
    # By the number of each: a query that is open while parts are written locks out whoever else writes on SQLite.
    for number in list(batch.parts.order_by("number").values_list("number", flat=True)):
        part = batch.parts.select_related("batch__company").get(number=number)
        dropped += _forget_in(part, lookups)
        if part.number % 20 == 0:
            Import.objects.filter(pk=batch.pk).update(lease_until=at + keeping.LEASE)
    ImportErasure.objects.filter(pk__in=[pk for pk, _lookup in due]).delete()
    return dropped


def _forget_in(part: ImportPart, lookups: Collection[bytes]) -> int:
    if not part.sealed:
        return 0
    rows = keeping.rows_of(part)
    kept = [(number, ERASED if _is_about(found, part.batch, lookups) else found) for number, found in rows]
    gone = [found for (_n, found), (_m, left) in zip(rows, kept, strict=True) if found is not left]
    if not gone:
        return 0
    with transaction.atomic():
        keeping.seal_rows(part, kept)
        part.save(update_fields=["sealed"])
        names = {claims.file_key(part.batch, cell) for found in gone for cell in found if cell}
        part.batch.files.filter(name__in=names).delete()
    return len(gone)


def _is_about(row: Sequence[str] | str, batch: Import, lookups: Collection[bytes]) -> bool:
    """Whether any cell names one of the contacts: which column holds them may not be known yet."""
    if isinstance(row, str):
        return False
    found = (contact for cell in row for contact in _contacts(cell, batch))
    return any(vault.lookup(batch.company_id, contact) in lookups for contact in found)


def _contacts(cell: str, batch: Import) -> Iterator[Contact]:
    """Whom a cell may name, as a list and as our own exports write it."""
    if ":" not in cell and len(re.findall("[0-9]", cell)) < FEWEST_DIGITS:
        return
    readers = (ledger.read_contact, lambda text: cells.contact(text, batch.company, is_opt_out=True))
    for read in readers:
        try:
            yield read(cell)
        except BadInput:
            continue
