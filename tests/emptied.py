"""What a database holds before anybody uses it, put back row by row once a test that really committed was emptied."""

import pickle
from typing import Any

from django.apps import apps
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction

from consent.models import triggers

_kept: bytes | None = None


def quickly() -> None:
    """From now on emptying asks what belongs into an empty database once, and not after every test."""
    flush.emit_post_migrate_signal = _put_back  # type: ignore[attr-defined]


def _put_back(verbosity: int, interactive: bool, db: str, **options: Any) -> None:
    global _kept
    models = apps.get_models(include_auto_created=True)
    if _kept is None:
        emit_post_migrate_signal(verbosity, interactive, db, **options)
        _kept = pickle.dumps([list(model._base_manager.using(db).all()) for model in models])
        return
    with transaction.atomic(using=db):
        for model, rows in zip(models, pickle.loads(_kept), strict=True):
            if rows:
                model._base_manager.using(db).bulk_create(rows)
    triggers.install(connections[db])
