"""Writing acts down: who is it, was this seen before, seal, insert."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent import vault
from consent.canonical import canonical, moment
from consent.recording import entry, tables
from consent.recording.event import ConsentEvent, Keys, Telling

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act as kept: its id, whose it is, its records, and whether it was written now or had been before."""

    act: UUID
    subject: UUID
    records: tuple[UUID, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """One act on its way in; everything that can be worked out before its person is known."""

    events: tuple[ConsentEvent, ...]
    keys: Keys
    evidence: bytes
    tell: Callable[[UUID], Iterable[Telling]]


class _Person(NamedTuple):
    subject: UUID
    key: bytes


def write(drafts: Sequence[Draft]) -> list[Recorded]:
    """Write all acts or none, each once; an act seen before is returned as it was.

    Two queries on PostgreSQL, however many acts: one reads which references and contacts are known, one
    inserts every row of every table and commits with it. On SQLite one insert a table, in one transaction.
    """
    for attempt in range(ATTEMPTS):
        try:
            if connection.vendor == "postgresql" and not connection.in_atomic_block:
                return _write_once(drafts)  # the insert is one statement, and so its own transaction
            with transaction.atomic():
                return _write_once(drafts)
        except IntegrityError:  # somebody wrote the same reference or met the same person at this very moment
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _write_once(drafts: Sequence[Draft]) -> list[Recorded]:
    seen, people = _read_known(drafts)
    now = timezone.now()
    rows = tables.no_rows()
    results: list[Recorded] = []
    for draft in drafts:
        lookup, reference = draft.keys
        before = seen.get(reference)
        if before is None:
            person = people.get(lookup)
            if person is None:
                person = people[lookup] = _meet(draft, rows, now)
            before = seen[reference] = _add(draft, person, rows, now)
            results.append(before)
        else:
            results.append(replace(before, is_new=False))
    if rows["consent_act"]:
        tables.insert(connection, rows)
    return results


def _read_known(drafts: Sequence[Draft]) -> tuple[dict[bytes, Recorded], dict[bytes, _Person]]:
    """Which references were seen before, and which contacts belong to whom. One query."""
    is_contact, contacts = tables.read_in(connection, "c.lookup", [draft.keys.lookup for draft in drafts])
    is_reference, references = tables.read_in(
        connection, "a.reference", [draft.keys.reference for draft in drafts]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.lookup, c.subject, k.wrapped, NULL, NULL, 0 AS arrival"  # noqa: S608 - placeholders alone
            " FROM consent_contactpoint c"
            f" JOIN consent_subjectkey k ON k.subject = c.subject WHERE NOT c.is_former AND {is_contact}"
            " UNION ALL SELECT a.reference, a.subject, NULL, a.id, r.uid, r.arrival FROM consent_act a"
            f" JOIN consent_consentrecord r ON r.act_id = a.id WHERE {is_reference} ORDER BY arrival",
            [*contacts, *references],
        )
        found = cursor.fetchall()
    seen: dict[bytes, Recorded] = {}
    people: dict[bytes, _Person] = {}
    for key, subject, wrapped, act, uid, _arrival in found:
        if act is None:
            people[bytes(key)] = _Person(_uuid(subject), vault.unwrap(bytes(wrapped)))
        else:
            before = seen.get(bytes(key))
            records = (*(before.records if before else ()), _uuid(uid))
            seen[bytes(key)] = Recorded(_uuid(act), _uuid(subject), records, is_new=False)
    return seen, people


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _meet(draft: Draft, rows: tables.Rows, now: datetime) -> _Person:
    """A person we never heard of: a random id, a key of their own, and the sealed contact."""
    person, wrapped = _new_person()
    contact, company = draft.events[0].contact, draft.events[0].company
    point = vault.new_id()
    sealed = vault.seal(person.key, item=b"contact" + point.bytes, plaintext=contact.value.encode())
    rows["consent_subjectkey"].append((person.subject, company.pk, wrapped))
    rows["consent_contactpoint"].append(
        (point, person.subject, company.pk, contact.scheme, draft.keys.lookup, sealed, now)
    )
    return person


def _new_person() -> tuple[_Person, bytes]:
    key, wrapped = vault.new_subject_key()
    return _Person(vault.new_id(), key), wrapped


def _add(draft: Draft, person: _Person, rows: tables.Rows, now: datetime) -> Recorded:
    act = vault.new_id()
    salt = vault.new_salt()
    commitment = vault.commitment(salt, draft.evidence)
    first = draft.events[0]
    rows["consent_act"].append((act, first.company.pk, person.subject, draft.keys.reference, now))
    if first.origin:
        rows["consent_actorigin"].append((act, first.origin))
    rows["consent_evidence"].append(
        (
            act,
            person.subject,
            vault.seal(person.key, item=b"evidence" + act.bytes, plaintext=salt + draft.evidence),
        )
    )
    for file in first.files:
        number = vault.new_id()
        sealed = vault.seal(person.key, item=b"file" + number.bytes, plaintext=file.content)
        rows["consent_evidencefile"].append((number, act, person.subject, file.name, file.media_type, sealed))
    records = tuple(_add_record(event, act, person.subject, commitment, rows, now) for event in draft.events)
    for telling in draft.tell(act):
        _add_message(telling, draft, act, person, rows, now)
    return Recorded(act, person.subject, records, is_new=True)


def _add_record(
    event: ConsentEvent, act: UUID, subject: UUID, commitment: str, rows: tables.Rows, now: datetime
) -> UUID:
    uid = vault.new_id()
    company, purpose, point, notice = event.company, event.purpose, event.point, event.notice
    channel, state, possession = str(event.channel), str(event.state), str(event.possession)
    event_time = min(event.event_time, now)  # nobody has spoken in the future
    valid_days = event.valid_days
    if valid_days is None:
        valid_days = purpose.validity_days if purpose else 0
    rows["consent_consentrecord"].append(
        (
            uid, act, company.pk, subject, purpose and purpose.pk, channel, state, possession, valid_days,
            point and point.pk, notice and notice.pk, str(event.language), event.method, event.entity, event_time,
            now, event.clock,
        )
    )  # fmt: skip
    data = entry.of_record(
        id=str(uid), act=str(act), subject=str(subject), event_time=moment(event_time), recorded_at=moment(now),
        evidence=commitment, type="consent", company=company.slug, purpose=purpose and purpose.slug,
        channel=channel, state=state, possession=possession, valid_days=valid_days, point=point and point.slug,
        notice=notice and notice.digest, language=str(event.language), method=event.method, entity=event.entity,
        clock=event.clock or None,
    )  # fmt: skip
    rows["consent_logpending"].append((uid, now, data))
    return uid


def _add_message(
    telling: Telling, draft: Draft, act: UUID, person: _Person, rows: tables.Rows, now: datetime
) -> None:
    message = vault.new_id()
    contact = draft.events[0].contact
    content = canonical(telling.to(contact).content())
    sealed = vault.seal(person.key, item=b"message" + message.bytes, plaintext=content)
    rows["consent_outboundmessage"].append(
        (
            message, telling.sender.company_id, telling.sender.pk, person.subject, act,
            vault.number_key(contact), telling.kind, sealed, now, now, *_fate(telling, now),
        )
    )  # fmt: skip


def _fate(telling: Telling, now: datetime) -> tuple[str, datetime | None]:
    """The state of a new message, and when it was sent."""
    return ("sent", now) if telling.is_sent else ("queued", None)
