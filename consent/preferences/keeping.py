"""A stop that the database does not take now is kept on disk, sealed, and recorded by the worker."""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from consent import spool, vault
from consent.canonical import canonical, moment
from consent.preferences.changing import How

log = logging.getLogger(__name__)

DOOR = "preferences"


class Kept(Exception):
    """The database refused; what was said is on disk and will be recorded."""


def or_keep(
    record: Callable[[How], UUID | None], how: How, *, address: str, said: Mapping[str, str]
) -> UUID | None:
    """Record a stop; where the database refuses, keep it on disk and raise Kept. Raises OSError where neither can.

    `address` and `said` are what the worker finds the person and the stop by: a path of ours, and the fields sent.
    """
    try:
        return record(how)
    except (DatabaseError, InterfaceError) as error:
        log.exception("A stop could not be recorded now; the worker takes it in.")
        keep(how, address=address, said=said)
        raise Kept from error


def keep(how: How, *, address: str, said: Mapping[str, str]) -> None:
    """Keep a stop on disk until the worker can record it. Raises OSError."""
    kept = {
        "once": vault.new_id().hex,
        "address": address,
        "said": dict(said),
        "evidence": dict(how.evidence),
        "language": how.language,
        "possession": str(how.possession),
        "at": moment(how.at),
    }
    spool.write(DOOR, canonical(kept))


def read(content: bytes) -> tuple[str, dict[str, str], How]:
    """What `or_keep` wrote: the address, the fields and how it was said."""
    kept: dict[str, Any] = json.loads(content)
    how = How(
        evidence=kept["evidence"] | {"kept_on_disk": True},
        language=kept["language"],
        at=datetime.fromisoformat(kept["at"]),
        possession=kept["possession"],
        once=kept["once"],
    )
    return kept["address"], kept["said"], how
