"""The roles that ask for the admin's pages."""

import pytest
from django.test import Client

from consent import sample
from consent.log import tree
from consent.sample import Sample
from tests.staff import Firm, firm, other_sample, signed_in, user


@pytest.fixture
def cafe(aurora: Sample) -> Firm:
    made = firm(sample.seed())
    tree.sequence()
    return made


@pytest.fixture
def bakery(db: None) -> Firm:
    made = firm(other_sample())
    tree.sequence()
    return made


@pytest.fixture
def root(db: None) -> Client:
    """Ana runs the installation."""
    return signed_in(user("ana", is_superuser=True, first_name="Ana"))


@pytest.fixture
def bruno(cafe: Firm) -> Client:
    """Bruno works for Café Aurora and may open personal data."""
    return signed_in(user("bruno", "Staff", "Opens personal data", company=cafe.company))


@pytest.fixture
def clara(bakery: Firm) -> Client:
    """Clara works for Padaria Horizonte, with the same rights there."""
    return signed_in(user("clara", "Staff", "Opens personal data", "Erases people", company=bakery.company))


@pytest.fixture
def auditor(cafe: Firm) -> Client:
    """Reads everything of Café Aurora and changes nothing."""
    return signed_in(user("auditor", "Auditor", company=cafe.company))


@pytest.fixture
def nobody(cafe: Firm) -> Client:
    """May sign in, and nothing else."""
    return signed_in(user("nobody", company=cafe.company))
