"""What the tests of the health of numbers share."""

import pytest

from consent.models import Sender
from consent.sample import Sample
from tests import meta
from tests.providers.conftest import scripted

__all__ = ["number", "scripted"]


@pytest.fixture
def number(aurora: Sample) -> Sender:
    """The WhatsApp number of Café Aurora, at Meta."""
    return meta.sender(aurora)
