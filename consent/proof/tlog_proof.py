"""Proof that a record is in the published log, in a file that needs nothing else but the log's public key."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from consent.log import proofs, published
from consent.models import LogEntry

FORMAT = "optin-receipt-proof-v1"


@dataclass(frozen=True, slots=True)
class Logged:
    """A record as it stands in the log: the very bytes of its entry, and the proof that they are in it.

    The proof carries the entry as its `extra`, so that one file is enough; nobody believes it before it has
    hashed to the leaf (C2SP tlog-proof: extra data is not authenticated).
    """

    record: UUID
    entry: bytes
    proof: proofs.Proof


def of_records(records: Sequence[UUID]) -> dict[UUID, Logged]:
    """The records that have their place, all under the latest checkpoint; those that wait are left out."""
    entries = LogEntry.objects.filter(id__in=records).values_list("id", "index", "data")
    found = [(record, index, bytes(data)) for record, index, data in entries]
    last = published.latest()  # read after the entries, it covers them all
    if last is None:
        return {}
    tiled = proofs.TiledTree(last.size, published.read_tile)
    checkpoint = published.cosigned(last)
    return {
        record: Logged(
            record=record,
            entry=data,
            proof=proofs.Proof(
                index=index, hashes=tuple(tiled.inclusion(index)), checkpoint=checkpoint, extra=data
            ),
        )
        for record, index, data in found
    }


def public_key() -> str:
    """The log's verifier key, as C2SP signed-note writes it."""
    return str(published.keys()[0])


def bundle(logged: Sequence[Logged]) -> str:
    """Everything about an act's records in one file, for the page that verifies.

    The key in it says whose signature to expect; whoever verifies compares it with one from elsewhere.
    """
    return json.dumps(
        {
            "format": FORMAT,
            "vkey": public_key(),
            "checkpoint": logged[0].proof.checkpoint,
            "records": [_in_bundle(each) for each in logged],
        },
        ensure_ascii=False,
        indent=1,
    )


def _in_bundle(logged: Logged) -> dict[str, str]:
    """The entry stands beside the proof there, so the proof need not carry it."""
    return {"entry": logged.entry.decode(), "proof": str(replace(logged.proof, extra=None))}
