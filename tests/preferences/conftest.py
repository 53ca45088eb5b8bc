"""Ana at the preference centre: with the address that went to her number, or with one anybody may have."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client

from consent import receipts
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast


def own(act: UUID) -> str:
    """The page behind the address that only whoever holds the number was given."""
    return f"/preferences/{receipts.own_address(act).rstrip('/').rpartition('/')[2]}/"


def anybodys(act: UUID) -> str:
    """The page behind the address that programs, staff and senders of forms know as well."""
    return f"/preferences/{receipts.address(act).rstrip('/').rpartition('/')[2]}/"


def path(address: str) -> str:
    """An absolute address as the test client takes it."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.fixture
def said(aurora: Sample) -> Recorded:
    """Ana gets news by SMS and on WhatsApp."""
    cast.says(aurora, channel="whatsapp")
    return cast.says(aurora)


@pytest.fixture
def send(client: Client) -> Callable[..., Any]:
    """Posts a button of a page."""
    return lambda page, **fields: client.post(page, fields)
