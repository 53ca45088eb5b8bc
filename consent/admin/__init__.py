"""What staff see: the admin, one file per subject."""

from consent.admin import (
    access,
    audits,
    companies,
    holds,
    keys,
    log,
    messages,
    notices,
    openings,
    points,
    records,
    senders,
    versions,
)

__all__ = [
    "access",
    "audits",
    "companies",
    "holds",
    "keys",
    "log",
    "messages",
    "notices",
    "openings",
    "points",
    "records",
    "senders",
    "versions",
]
