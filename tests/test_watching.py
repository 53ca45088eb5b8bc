"""What programs that watch an installation are told."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import spool
from consent.log import tree
from consent.models import OutboundMessage
from consent.sample import Sample
from tests.cast import asks, says


def refuse(*_anything: Any) -> Any:
    raise OperationalError("gone")


def test_all_is_well_while_nothing_waits_for_long(aurora: Sample, client: Client) -> None:
    says(aurora)
    asks(aurora)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_what_waits_for_its_place_in_the_log_for_long_is_a_trouble(aurora: Sample, client: Client) -> None:
    says(aurora)
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert b"place in the log" in answer.content
        assert b"Messages" not in answer.content
        tree.sequence()
        assert client.get("/readyz").status_code == 200


def test_messages_that_have_been_due_for_long_are_a_trouble(aurora: Sample, client: Client) -> None:
    asks(aurora)
    queued = OutboundMessage.objects.filter(state="queued")
    assert queued.update(due_at=timezone.now() - timedelta(minutes=4, seconds=55))
    assert client.get("/readyz").status_code == 200
    queued.update(due_at=timezone.now() - timedelta(minutes=5, seconds=1))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert b"Messages have been due" in answer.content
    queued.update(state="sent")
    assert client.get("/readyz").status_code == 200


def test_what_is_kept_on_disk_and_not_taken_in_is_a_trouble(
    aurora: Sample, client: Client, admin_client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.OPTIN_DATA_DIR = tmp_path
    home = reverse("admin:index")
    words = "is kept on disk and cannot be taken in"
    assert client.get("/readyz").status_code == 200
    assert words not in admin_client.get(home).content.decode()

    spool.write("sms", b"a message")
    [path] = (tmp_path / "spool").iterdir()
    path.write_bytes(b"broken")
    spool.drain("sms", lambda _content: None)

    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "put its key back into OPTIN_KEYRING" in answer.content.decode()
    assert words in admin_client.get(home).content.decode()


def test_a_server_without_a_database_is_not_taken_out_of_the_way(aurora: Sample, client: Client) -> None:
    """Or stops, which are kept on disk then, would reach nobody."""
    with connection.execute_wrapper(refuse):
        assert client.get("/healthz").status_code == 200
        answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


def test_neither_is_sent_on_to_https_or_asks_more_than_it_needs(
    aurora: Sample, client: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200
    with django_assert_num_queries(2):
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_they_only_answer_questions(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405
