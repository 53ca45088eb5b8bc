"""The sample company, seeded once in each process of the suite and from then on put back row by row."""

import dataclasses
import pickle
from collections.abc import Iterable

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from consent import catalogue, sample
from consent.models import Company
from consent.sample import Sample

type Rows = list[models.Model]

_kept: bytes | None = None


def aurora() -> Sample:
    """The sample company in this test's database, as `sample.seed` makes it now; cheaper where none is there."""
    global _kept
    if Company.objects.exists():
        return sample.seed()
    if _kept is None:
        before = {(type(row), row.pk) for row in _every_row()}
        made = sample.seed()
        _kept = pickle.dumps((made, [row for row in _every_row() if (type(row), row.pk) not in before]))
        return made
    made, rows = pickle.loads(_kept)
    _date_today([*rows, *made.purposes.values(), *_parts(made)])
    with transaction.atomic():
        for model in apps.get_models():
            if mine := [row for row in rows if type(row) is model]:
                model._base_manager.bulk_create(mine)
    catalogue.forget()
    return made


def _every_row() -> Rows:
    ours = apps.get_app_config("consent").get_models()
    return [row for model in ours for row in model._base_manager.all()]


def _parts(made: Sample) -> Rows:
    values = (getattr(made, field.name) for field in dataclasses.fields(made))
    return [value for value in values if isinstance(value, models.Model)]


def _date_today(rows: Iterable[models.Model]) -> None:
    """What was dated when the company was first seeded happens now."""
    now = timezone.now()
    for row in rows:
        for field in row._meta.local_fields:
            if isinstance(field, models.DateTimeField) and getattr(row, field.name):
                setattr(row, field.name, now)
