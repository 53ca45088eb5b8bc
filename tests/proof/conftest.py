"""Ana, who said yes to Café Aurora, and the log it stands in."""

import pytest

from consent.proof.account import Account
from consent.sample import Sample
from tests.proof import acts


@pytest.fixture
def given(aurora: Sample) -> Account:
    """Ana's yes to news by SMS and WhatsApp, in the published log among others'."""
    return acts.say_among_others(aurora)
