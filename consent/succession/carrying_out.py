"""Carrying out a succession: what was given up is kept aside, the log is cut, and the next one begins."""

import json
import os
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent import journal
from consent.log import counted, eras, merkle, note, tiles, tree
from consent.models import (
    Checkpoint,
    ConsentRecord,
    Cosignature,
    LogEntry,
    LogEra,
    LogHead,
    LogPending,
    LogTile,
    triggers,
)
from consent.succession import planning
from consent.succession.planning import CHUNK, Plan, entries

FIRST = datetime(1970, 1, 1, tzinfo=UTC)  # what is entered again comes before whatever waits
DISPUTED = "disputed"  # the type of an entry that names another whose content nothing signed supports


class Interrupted(Exception):
    """Somebody else worked on the log meanwhile; nothing was done."""


def carry_out(agreed: Plan) -> Path | None:
    """Do what was planned, all of it or nothing. Returns the file with what was given up, if anything was.

    Raises Interrupted where the log is no longer as it was planned for, or errors.LogRefuses.
    """
    kept = None
    with transaction.atomic():
        # Sequencers leave it to us from here on.
        LogHead.objects.select_for_update().filter(pk=tree.HEAD).first()
        if planning.plan() != agreed:
            raise Interrupted("Somebody worked on the log meanwhile. Stop every process and plan again.")
        if agreed.given_up or agreed.spoiled:
            kept = _keep_aside(agreed)
        try:
            _cut(agreed)
            _enter(agreed)
        except BaseException:
            if kept:
                kept.unlink()
            raise
    return kept


def _enter(agreed: Plan) -> None:
    """Have everything wait that the new log gets again, and begin it."""
    waiting = [
        LogPending(id=each.entry, arrival=FIRST + timedelta(microseconds=number), data=each.data)
        for number, each in enumerate(agreed.again)
    ]
    LogPending.objects.bulk_create(waiting)
    now = timezone.now()
    for uid in agreed.disputed:
        company = ConsentRecord.objects.select_related("company").get(uid=uid).company
        journal.write(DISPUTED, company=company, at=now, record=str(uid))
    tree.sequence(change=eras.succession(eras.read(), now, size=agreed.size, root=agreed.root))


def _keep_aside(agreed: Plan) -> Path:
    """Write what is taken out of the log to a file, durably: it is evidence, and holds nothing personal."""
    path = Path(settings.OPTIN_DATA_DIR) / f"log-given-up-{agreed.size}.jsonl"
    with path.open("x", encoding="utf-8") as file:
        for row in Checkpoint.objects.filter(_taken_out(agreed)).order_by("size"):
            file.write(json.dumps({"checkpoint": row.note}) + "\n")
        for index, number, data in entries(LogEntry.objects.filter(index__gte=agreed.size)):
            line = {"index": index, "id": str(number), "data": b64encode(data).decode("ascii")}
            file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def _taken_out(agreed: Plan) -> Q:
    """Which checkpoints, and cosignatures of theirs, the log no longer has."""
    return Q(size__gt=agreed.size) | Q(size__in=agreed.spoiled)


def _cut(agreed: Plan) -> None:
    """Take out of the log what comes after the last good checkpoint, and compute its tiles again.

    The one place in the product that steps around the guards of append-only tables.
    """
    connection.check_constraints()  # on PostgreSQL what is still to be checked would hinder the guards
    triggers.remove(connection)
    for rows in (
        LogEntry.objects.filter(index__gte=agreed.size),
        Checkpoint.objects.filter(_taken_out(agreed)),
        Cosignature.objects.filter(_taken_out(agreed)),
        LogEra.objects.filter(start__gt=agreed.size),
        LogTile.objects.all(),
    ):
        rows._raw_delete(connection.alias)
    _write_tiles(data for _index, _number, data in entries(LogEntry.objects.all()))
    _count_again(eras.signing_key(agreed.origin))
    LogHead.objects.update_or_create(pk=tree.HEAD, defaults={"size": agreed.size, "root": agreed.root})
    triggers.install(connection)


def _count_again(signer: note.Signer) -> None:
    """Count the checkpoints that stay, and sign the count by the key of the new log."""
    for number, row in enumerate(Checkpoint.objects.order_by("size"), 1):
        count = counted.sign(signer, number=number, size=row.size, published_at=row.published_at)
        rows: QuerySet[Checkpoint] = QuerySet(Checkpoint)  # that of the model refuses, for everybody else
        rows.filter(pk=row.pk).update(number=number, counted=count)


def _write_tiles(rows: Iterable[bytes]) -> None:
    grown = tiles.Growth(0, merkle.EMPTY_ROOT, {}, {})
    for chunk in batched(rows, CHUNK, strict=False):
        grown = tiles.grow(grown.size, grown.edge, [merkle.leaf_hash(data) for data in chunk])
        tree.write_tiles(grown)
