"""What was asked for a child keeps its guardian and its end, whenever it is answered."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from consent import guardian, opening
from consent.guardian import Guardian
from consent.models import ConsentRecord


def of(requests: Iterable[ConsentRecord]) -> dict[UUID, Guardian]:
    """Who speaks for a child in the acts of some requests, by act; no query where nobody does. Raises Erased."""
    acts = dict.fromkeys(one.act_id for one in requests if one.point is not None and one.point.asks_guardian)
    return {act: one for act in acts for one in guardian.of_evidence(opening.evidence_of(act))}


def limits(requests: Sequence[ConsentRecord], *, at: datetime) -> dict[UUID, int | None]:
    """For how many days a yes to each request counts, by its record; None: as its purpose says."""
    guardians = of(requests)
    return {one.uid: _days(one, guardians.get(one.act_id), at=at) for one in requests}


def _days(request: ConsentRecord, speaks: Guardian | None, *, at: datetime) -> int | None:
    assert request.purpose is not None, "nobody is asked about everything at once"
    return guardian.limit(speaks, at=at, longest=request.purpose.validity_days)
