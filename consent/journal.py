"""Log entries that are no consent records: that somebody was erased, something sealed was opened, much was decided."""

from datetime import datetime
from uuid import UUID

from consent import vault
from consent.canonical import canonical, moment
from consent.models import Company, LogPending


def write(kind: str, *, company: Company | None, at: datetime, **fields: str) -> UUID:
    """Add an entry to the log in the caller's transaction; returns its id. Nothing in it may be personal.

    What is about no company names none.
    """
    entry = vault.new_id()
    whose = {"company": company.slug} if company else {}
    said = {"type": kind, "id": str(entry), **whose, "recorded_at": moment(at), **fields}
    LogPending.objects.create(id=entry, arrival=at, data=canonical(said))
    return entry
