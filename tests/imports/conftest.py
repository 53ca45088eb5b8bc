"""What the purposes of the sample last in these tests: for ever, so that no row is expired by the day of the run."""

import pytest

from consent.models import Purpose
from consent.sample import Sample


@pytest.fixture(autouse=True)
def _for_ever(aurora: Sample) -> None:
    Purpose.objects.update(validity_days=0)
    for purpose in aurora.purposes.values():
        purpose.validity_days = 0
