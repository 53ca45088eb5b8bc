"""What staff see: the admin, one file per subject."""

from consent.admin import (
    access,
    audits,
    companies,
    decisions,
    deliveries,
    holds,
    keys,
    log,
    notices,
    openings,
    outbox,
    points,
    records,
    senders,
    templates,
    versions,
)

__all__ = [
    "access",
    "audits",
    "companies",
    "decisions",
    "deliveries",
    "holds",
    "keys",
    "log",
    "notices",
    "openings",
    "outbox",
    "points",
    "records",
    "senders",
    "templates",
    "versions",
]
