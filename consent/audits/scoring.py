"""How complete the evidence of a record is, point by point, computed from what is kept.

Evidence is opened to be compared, and nothing of it leaves this module: a score holds no personal data.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import history, integrity, opening, publishing, vault
from consent.canonical import canonical
from consent.log import merkle, note, proofs, published
from consent.models import ConsentRecord
from consent.proof import account, tlog_proof
from consent.proof.tlog_proof import Logged
from consent.vocabulary import Channel, Language, Possession, State

LABELS: Mapping[str, Promise] = {
    "evidence": _("The evidence opens, and is what the log committed to"),
    "text": _("The exact text shown is kept, and its digest matches"),
    "notice": _("The notice version is named, and says what it said when it was published"),
    "company": _("The text names the company"),
    "channel": _("The text names the channel"),
    "purpose": _("The box of this purpose was there, and ticked"),
    "language": _("The language is known, and the notice speaks it"),
    "time": _("The times are known, and in order"),
    "possession": _("Whoever agreed showed that they hold the number"),
    "record": _("The record says what its entry in the log says"),
    "log": _("The entry is in the log, with a proof that verifies"),
    "receipt": _("The person's receipt is there"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at: whether it holds, or None where there is nothing to look at."""

    slug: str
    holds: bool | None

    @property
    def label(self) -> str:
        return str(LABELS[self.slug])


@dataclass(frozen=True, slots=True)
class Score:
    """All points of a record."""

    points: tuple[Point, ...]
    is_erased: bool

    @property
    def good(self) -> int:
        return sum(point.holds is True for point in self.points)

    @property
    def bad(self) -> int:
        return sum(point.holds is False for point in self.points)

    @property
    def is_complete(self) -> bool:
        return not self.bad


def score(records: Sequence[ConsentRecord]) -> list[Score]:
    """The scores of some records, in their order."""
    uids = [record.uid for record in records]
    logged, said = tlog_proof.of_records(uids), integrity.said_by_records(uids)
    trusted = published.keys()[0]
    return [_score(record, logged.get(record.uid), said.get(record.uid), trusted) for record in records]


def _score(
    record: ConsentRecord, logged: Logged | None, said: dict[str, Any] | None, trusted: note.Verifier
) -> Score:
    entry = json.loads(logged.entry) if logged else {}
    try:
        salt, kept = opening.evidence_bytes(record.act_id)
        evidence, is_erased = json.loads(kept), False
        opens: bool | None = not entry or vault.commitment(salt, kept) == entry.get("evidence")
    except opening.Erased:
        evidence, is_erased, opens = {}, True, None
    except (vault.SealBroken, ValueError):
        evidence, is_erased, opens = {}, False, False
    shown = list(_shown(evidence))
    holds: dict[str, bool | None] = {
        "evidence": opens,
        **dict.fromkeys(("text", "company", "channel", "purpose"), None),
        "notice": _notice(record),
        "language": _language(record, shown),
        "time": record.event_time <= record.recorded_at,
        "possession": record.possession != Possession.NONE if record.state == State.GIVEN else None,
        "record": said is not None and entry == said | {"evidence": entry.get("evidence")} if entry else None,
        "log": _is_proved(logged, trusted),
        "receipt": account.read(record.act_id) is not None,
    }
    # Whoever stops need not be shown anything, and what was erased cannot be looked at.
    if record.state not in history.ENDS and not is_erased:
        holds |= _of_text(record, shown)
    return Score(tuple(Point(slug, holds[slug]) for slug in LABELS), is_erased)


def _shown(evidence: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What the person was shown: in this act, or in the acts that it answers."""
    if evidence.get("text"):
        yield evidence
    for answer in evidence.get("answers") or []:
        try:
            yield opening.evidence_of(UUID(str(answer["act"])))
        except (opening.Erased, vault.SealBroken, KeyError, TypeError, ValueError):
            continue


def _of_text(record: ConsentRecord, shown: Sequence[Mapping[str, Any]]) -> dict[str, bool | None]:
    text = "\n".join(str(each.get("text", "")) for each in shown)
    boxes = [box for each in shown for box in each.get("boxes") or []]
    words = "\n".join([text, *(f"{box.get('label')} {box.get('hint')}" for box in boxes)])
    # In a conversation there is nothing to tick: one answer is to all that was asked.
    ticked = {box.get("key") for box in boxes if box.get("ticked", True)}
    key = f"{record.purpose.slug}.{record.channel}" if record.purpose else ""
    return {
        "text": bool(text) and all(_digest_matches(each) for each in shown),
        "company": record.company.name in text or record.company.legal_name in text,
        "channel": str(Channel(record.channel).label) in words,
        "purpose": key in ticked if boxes else None,
    }


def _digest_matches(shown: Mapping[str, Any]) -> bool:
    """Whether what was shown has the digest beside it; one method writes none, where there is no box."""
    if "digest" not in shown:
        return True
    boxes = [[box["key"], box["label"], box["hint"]] for box in shown.get("boxes") or []]
    content = canonical({"text": shown["text"], "boxes": boxes})
    return bool(hashlib.sha256(content).hexdigest() == shown["digest"])


def _notice(record: ConsentRecord) -> bool | None:
    if record.notice is None:
        return None if record.state in history.ENDS else False
    return publishing.digest(record.notice) == record.notice.digest


def _language(record: ConsentRecord, shown: Sequence[Mapping[str, Any]]) -> bool:
    return (
        record.language in Language.values
        and (record.notice is None or record.language in record.notice.wordings)
        and all(each.get("language", record.language) == record.language for each in shown)
    )


def _is_proved(logged: Logged | None, trusted: note.Verifier) -> bool:
    if logged is None:
        return False
    try:
        proofs.verify(logged.proof, leaf=merkle.leaf_hash(logged.entry), log=trusted)
    except (merkle.ProofInvalid, note.NoteInvalid):
        return False
    return True
