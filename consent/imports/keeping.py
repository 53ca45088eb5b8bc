"""Keeping a list sealed, part by part, from the moment it comes in until it is recorded or undone."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import batched, chain, islice
from typing import IO, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent import ledger, vault
from consent.errors import BadInput
from consent.imports import mapping, reading
from consent.imports.mapping import Columns
from consent.imports.spreadsheet import Row
from consent.models import Company, Import, ImportPart
from consent.providers import scanner

PART = 1_000  # rows
LEASE = timedelta(minutes=2)
PREVIEW = 20  # rows that columns are guessed from
LONGEST_NAME = 120

State = Import.State

_SAME = _("This file is being brought in already. Go on with that list, or undo it.")


@dataclass(frozen=True, slots=True)
class About:
    """What a list is called, its headings, and what they mean.

    Where its encoding is only `proposed`, `letters` are words of it, by which people can tell whether it is right.
    """

    name: str
    headings: list[str]
    columns: Columns
    proposed: str = ""
    letters: tuple[str, ...] = ()

    def written(self) -> dict[str, Any]:
        return asdict(self) | {"columns": self.columns.written()}


def take_in(
    file: IO[bytes], *, name: str, size: int, company: Company, kind: str, entity: str, encoding: str = "",
    may_propose: bool = False,
) -> Import:  # fmt: skip
    """Seal a file's rows, and guess what its columns mean. Nothing is recorded yet.

    `encoding` is what a program says of the file; `may_propose` where somebody will be asked whether it is right.

    Raises BadInput where it is no list, with status 409 where the same file is on its way already.
    """
    if scanner.is_set():
        scanner.check(iter(partial(file.read, scanner.CHUNK), b""), pointer="file")
        file.seek(0)
    digest = vault.digest("import", str(company.pk), _digest(file))
    table = reading.read(file, size=size, said=encoding, may_propose=may_propose)
    now = timezone.now()
    columns = vault.digest("columns", str(company.pk), *table.headings)
    is_ledger = ledger.is_export(table.headings)
    batch = Import(
        id=vault.new_id(), company=company, kind=Import.Kind.LEDGER if is_ledger else kind, entity=entity,
        digest=digest, columns=columns, created_at=now, lease_until=now + LEASE,
    )  # fmt: skip
    first = list(islice(table.rows, PREVIEW))
    shown = [cells for _number, cells in first if isinstance(cells, list)]
    guessed = _remembered(batch) or mapping.guess(table.headings, shown, company)
    known = About(name[:LONGEST_NAME], table.headings, guessed, table.proposed)
    seal_about(batch, known)
    Import.objects.filter(company=company, state=State.READING, lease_until__lt=now).delete()
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError as error:
        raise BadInput("file.same", _SAME, status=409) from error
    letters = _Letters(table.headings)
    rows = chain(first, table.rows)
    try:
        _keep_rows(batch, letters.noted(rows) if table.proposed else rows)
    except BaseException:
        batch.delete()
        raise
    if table.proposed:
        seal_about(batch, replace(known, letters=letters.words()))
    batch.state, batch.lease_until = State.MAPPING, None
    batch.save(update_fields=["rows", "state", "lease_until", "sealed"])
    return batch


class _Letters:
    """Words of a file that hold each a letter none before them held, and that ASCII has not."""

    MOST = 12  # words that anybody looks at
    LONGEST = 40

    def __init__(self, headings: list[str]) -> None:
        self._words: dict[str, str] = {}  # by the first letter that was new in it
        self._look(headings)

    def words(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._words.values()))

    def noted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows, looked at while they pass."""
        for number, cells in rows:
            if isinstance(cells, list) and len(self._words) < self.MOST:
                self._look(cells)
            yield number, cells

    def _look(self, cells: list[str]) -> None:
        for word in (
            word
            for cell in cells
            if not cell.isascii()
            for word in cell.split()
            if any(map(str.isalpha, word))
        ):
            for letter in word:
                if not letter.isascii() and letter not in self._words and len(self._words) < self.MOST:
                    self._words[letter] = word[: self.LONGEST]


def _keep_rows(batch: Import, rows: Iterable[Row]) -> None:
    """Part by part, each in a transaction of its own: nobody who writes waits for a long file."""
    for number, part in enumerate(batched(rows, PART, strict=False)):
        made = ImportPart(batch=batch, number=number, rows=len(part))
        seal_rows(made, part)
        made.save(force_insert=True)
        batch.rows += len(part)
        if number % 20 == 0:
            Import.objects.filter(pk=batch.pk).update(lease_until=timezone.now() + LEASE)


def rows_of(part: ImportPart) -> list[Row]:
    """The rows of a part, opened. Raises SealBroken."""
    plain = vault.open_system(item=_item(part.batch, part.number), sealed=part.sealed)
    return [(number, cells) for number, cells in json.loads(zlib.decompress(plain))]


def seal_rows(part: ImportPart, rows: Sequence[Row]) -> None:
    """Seal the rows of a part anew, without saving it."""
    part.sealed = vault.seal_system(item=_item(part.batch, part.number), plaintext=_packed(rows))


def preview(batch: Import, count: int = 5) -> list[list[str]]:
    """The first rows, as they stand in the file; none once the list is recorded or undone."""
    part = batch.parts.filter(number=0).select_related("batch").first()
    if part is None or not part.sealed:
        return []
    return [cells for _number, cells in rows_of(part) if isinstance(cells, list)][:count]


def about(batch: Import) -> About:
    """What is known of a list. Raises SealBroken."""
    found = json.loads(vault.open_system(item=b"import" + batch.pk.bytes, sealed=batch.sealed))
    return About(
        found["name"], found["headings"], mapping.read(found["columns"]), found.get("proposed", ""),
        tuple(found.get("letters", ())),
    )  # fmt: skip


def about_if_it_opens(batch: Import) -> About | None:
    """What is known of a list; None where its seal does not open."""
    try:
        return about(batch)
    except vault.SealBroken:
        return None


def trouble(batch: Import, known: About | None) -> str:
    """Why a list does not go on, a code of verdicts.TROUBLES, by what is `known` of it; "" where it does or is over."""
    if batch.state in (State.DONE, State.UNDONE):
        return ""
    return batch.trouble or ("" if known else "seal.broken")


def choose(batch: Import, columns: Columns) -> None:
    """Set what the columns of a list mean."""
    seal_about(batch, replace(about(batch), columns=columns))


def seal_about(batch: Import, known: About) -> None:
    """Seal what is known of a list into its row, without saving it."""
    plaintext = json.dumps(known.written()).encode()
    batch.sealed = vault.seal_system(item=b"import" + batch.pk.bytes, plaintext=plaintext)


def forget(batch: Import, *, state: str, at: datetime) -> None:
    """Let go of what was sealed; what became of each row stays."""
    batch.parts.update(sealed=b"")
    batch.files.all().delete()
    batch.erasures.all().delete()
    batch.state, batch.ended_at, batch.lease_until = state, at, None
    batch.save(update_fields=["state", "ended_at", "lease_until"])


def _remembered(batch: Import) -> Columns | None:
    """What staff chose the last time the company brought a list with these columns."""
    before = Import.objects.filter(
        company=batch.company, columns=batch.columns, state__in=[State.CHECKED, State.APPROVAL, State.DONE]
    )
    last = before.order_by("-created_at").first()
    known = about_if_it_opens(last) if last else None
    return known.columns if known else None


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest


def _packed(rows: Sequence[Row]) -> bytes:
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def _item(batch: Import, number: int) -> bytes:
    return b"import part" + batch.pk.bytes + number.to_bytes(4)
