"""From the rows of a list to what each of them says, or why it says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NoReturn
from uuid import UUID

from consent import ledger, recording, vault
from consent.contact import Contact
from consent.errors import BadInput
from consent.imports import cells, keeping, mapping
from consent.imports.spreadsheet import Row
from consent.ledger import Line
from consent.models import Import, ImportFile, Purpose
from consent.recording import IMPORTED, ConsentEvent, File, Keys
from consent.vocabulary import Channel, Origin, Possession, State

LONGEST_EVIDENCE = 4_000  # characters

_GIVEN, _WITHDRAWN = State.GIVEN.value, State.WITHDRAWN.value
_CLAIM, _NO_CLAIM = Possession.CLAIM.value, Possession.NONE.value


@dataclass(frozen=True, slots=True)
class Said:
    """What a row says: one act, with the keys by which the door finds it."""

    number: int
    keys: Keys
    events: tuple[ConsentEvent, ...]
    record: UUID | None = None  # in the installation that the file is from
    is_undated: bool = False  # a no that does not say since when, and so counts from now

    @property
    def first(self) -> ConsentEvent:
        return self.events[0]

    @property
    def is_yes(self) -> bool:
        return self.first.state in (State.GIVEN, State.REQUESTED)

    @property
    def place(self) -> tuple[bytes, str, int | None]:
        """Whose standing it speaks of."""
        return self.keys.lookup, self.first.channel, self.first.purpose.pk if self.first.purpose else None


# A row's number, and what it says or the code of what is wrong with it.
type Read = tuple[int, Said | str]


class Reader:
    """Reads the rows of one list, by what its columns mean."""

    def __init__(self, batch: Import, *, now: datetime) -> None:
        self._batch = batch
        self._company = batch.company
        self._about = keeping.about(batch)
        self._columns = self._about.columns
        self._now = now
        self._id = str(batch.pk)
        self._origin = Origin.LIST.of(batch.pk.hex)
        self._is_ledger = batch.kind == Import.Kind.LEDGER
        self._is_opt_outs = batch.kind == Import.Kind.OPT_OUTS

    def read(self, row: Row) -> Said | str:
        """What a row says, or the code of what is wrong with it."""
        number, found = row
        if isinstance(found, str):
            return found
        try:
            return self._of_ledger(number, found) if self._is_ledger else self._of_list(number, found)
        except BadInput as error:
            return error.code

    def _of_list(self, number: int, row: Sequence[str]) -> Said:
        columns, company = self._columns, self._company
        width = len(row)
        cell = {name: row[place].strip() for name, place in columns.columns.items() if place < width}.get
        is_opt_out = self._is_opt_outs
        state = _WITHDRAWN if is_opt_out else _GIVEN
        if "state" in columns.columns and not is_opt_out:
            state = cells.state(cell("state", "")) or _refuse("state.unknown")
        is_no = state == _WITHDRAWN
        number_written, date = cell("contact", ""), cell("date", "")
        contact = cells.contact(number_written, company, is_opt_out=is_no)
        source, reference = cell("source") or columns.source, cell("evidence") or columns.evidence
        if len(source) + len(reference) > LONGEST_EVIDENCE:
            _refuse("evidence.too_long")
        file = cell("file", "")
        if not is_no and not (source or reference or file):
            _refuse("evidence.missing")
        event_time = self._event_time(date, is_no=is_no)
        purpose, channels = (
            self._purpose(cell("purpose", ""), is_no=is_no),
            self._channels(cell("channel", "")),
        )
        evidence = {
            "list": self._about.name, "import": self._id, "row": number,
            "number": contact.value, "written": number_written, "date": date,
            "source": source, "reference": reference, "file": file,
        }  # fmt: skip
        # The same again is the same act, in whatever file and whatever order; a no without a date, in this list alone.
        is_undated = is_no and not date
        when = self._id if is_undated else event_time.isoformat()
        same = [contact.canonical, purpose.slug if purpose else "*", ",".join(channels), state, when]
        said = self._said(
            number, contact, reference=f"{IMPORTED}:{'|'.join(same)}", state=state, event_time=event_time,
            evidence={name: value for name, value in evidence.items() if value != ""},
            purpose=purpose, channels=channels, files=self._files(file),
            possession=_NO_CLAIM if is_no else _CLAIM, language=cells.language(cell("language", ""), company),
        )  # fmt: skip
        return replace(said, is_undated=True) if is_undated else said

    def _of_ledger(self, number: int, row: Sequence[str]) -> Said:
        headings = self._about.headings
        line = ledger.read(
            {name: row[place] if place < len(row) else "" for place, name in enumerate(headings)}
        )
        if line.event_time > self._now:
            _refuse("date.future")
        purpose = None
        if line.purpose or line.state != State.WITHDRAWN:
            purpose = self._purposes.get(line.purpose) or _refuse("purpose.unknown")
        evidence = {
            "list": self._about.name, "import": self._id, "row": number,
            "record": dict(zip(headings, row, strict=False)), "number": line.contact.value,
        }  # fmt: skip
        said = self._said(
            number, line.contact, reference=_reference(line), state=line.state, event_time=line.event_time,
            evidence=evidence, purpose=purpose, channels=[line.channel], possession=line.possession,
            language=line.language, clock=line.clock, valid_days=line.valid_days,
        )  # fmt: skip
        return replace(said, record=line.record)

    def _said(
        self,
        number: int,
        contact: Contact,
        *,
        reference: str,
        channels: Sequence[str],
        purpose: Purpose | None,
        **said: Any,
    ) -> Said:
        company = self._company
        return Said(
            number,
            recording.keys_of(company.pk, contact, reference=reference),
            tuple(
                ConsentEvent(
                    company=company, contact=contact, purpose=purpose, channel=channel, notice=None,
                    method=IMPORTED, entity=self._batch.entity, reference=reference, origin=self._origin, **said,
                )
                for channel in channels
            ),
        )  # fmt: skip

    def _event_time(self, text: str, *, is_no: bool) -> datetime:
        if text:
            return cells.moment(text, self._company, day_first=self._columns.day_first, now=self._now)
        return self._batch.created_at if is_no else _refuse("date.missing")

    def _purpose(self, text: str, *, is_no: bool) -> Purpose | None:
        wanted = text or self._columns.purpose
        if not wanted:
            return None if is_no else _refuse("purpose.unknown")
        return self._purposes.get(cells.plain(wanted)) or _refuse("purpose.unknown")

    def _channels(self, text: str) -> list[str]:
        if text:
            return [cells.channel(text) or _refuse("channel.unknown")]
        return self._every_row or _refuse("channel.unknown")

    @cached_property
    def _every_row(self) -> list[str]:
        """The channels of rows that name none."""
        chosen = self._columns.channel
        if chosen == mapping.EVERYWHERE:
            return list(Channel.values)
        return [chosen] if chosen in Channel.values else []

    def _files(self, name: str) -> tuple[File, ...]:
        if not name:
            return ()
        found = self._batch.files.filter(name=file_key(self._batch, name)).first()
        if found is None:
            _refuse("file.missing")
        content = vault.open_system(item=file_item(found), sealed=found.sealed)
        return (File(name=name[-80:], media_type=found.media_type, content=content),)

    @cached_property
    def _purposes(self) -> Mapping[str, Purpose]:
        """Every purpose by its short name and by its names in all languages."""
        found: dict[str, Purpose] = {}
        for purpose in self._company.purposes.all():
            for name in (*dict(purpose.name).values(), purpose.slug):
                found[cells.plain(str(name))] = purpose
        return found | {purpose.slug: purpose for purpose in found.values()}


def file_key(batch: Import, name: str) -> bytes:
    """How a file of a list is found by the name that rows give it."""
    return vault.digest("import file", str(batch.pk), cells.plain(name.replace("\\", "/").rpartition("/")[2]))


def file_item(file: ImportFile) -> bytes:
    """What a sealed file is, for the vault."""
    return b"import file" + bytes(file.name)


def _reference(line: Line) -> str:
    # One line for each contact of a person, so the record alone would not tell them apart.
    return f"{IMPORTED}:{line.record}|{line.contact.canonical}"


def _refuse(code: str) -> NoReturn:
    raise BadInput(code, "")
