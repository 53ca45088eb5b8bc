"""A stop is taken in while the database refuses, kept sealed on disk, and counts from when it was said."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from consent.models import ConsentRecord
from consent.preferences import waiting
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast
from tests.capture.conftest import text
from tests.preferences.conftest import own
from tests.preferences.test_stop_links import link


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.0)


class ReadOnly:
    """A database that takes nothing, or does not even answer."""

    def __init__(self) -> None:
        self.is_down = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.is_down or not sql.lstrip().upper().startswith(
            ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        ):
            raise DatabaseError("attempt to write a readonly database")
        return execute(sql, params, many, context)


@pytest.fixture
def readonly(said: Recorded) -> Iterator[ReadOnly]:
    refuse = ReadOnly()
    with connection.execute_wrapper(refuse):
        yield refuse


def spooled(settings: Any) -> list[Path]:
    return sorted((Path(settings.OPTIN_DATA_DIR) / "spool").glob("preferences-*"))


def by_link(client: Client, said: Recorded) -> Any:
    return client.post(link(said))


def by_page(client: Client, said: Recorded) -> Any:
    return client.post(own(said.act), {"all": "yes", "company": "aurora", "reason": "Too many"})


@pytest.mark.parametrize("stop", [by_link, by_page])
@pytest.mark.parametrize("is_down", [False, True], ids=["read-only", "down"])
def test_a_stop_is_accepted_kept_and_recorded_later(
    aurora: Sample, client: Client, said: Recorded, settings: Any, stop: Callable[..., Any], is_down: bool
) -> None:
    refuse = ReadOnly()
    refuse.is_down = is_down
    with connection.execute_wrapper(refuse):
        answer = stop(client, said)
    assert (answer.status_code, "taken in" in text(answer)) == (202, True)
    (file,) = spooled(settings)
    assert b"Too many" not in file.read_bytes()

    assert waiting.drain() == 1
    assert cast.may(aurora).reason == cast.may(aurora, channel="whatsapp").reason == "withdrawn"
    record = ConsentRecord.objects.latest("arrival")
    assert record.event_time < record.recorded_at
    assert spooled(settings) == []


def test_what_was_kept_is_recorded_once_whoever_takes_it_in(
    aurora: Sample, client: Client, said: Recorded, settings: Any
) -> None:
    with connection.execute_wrapper(ReadOnly()):
        by_link(client, said)
    (file,) = spooled(settings)
    content = file.read_bytes()
    waiting.drain()
    file.write_bytes(content)  # another worker had read it as well
    waiting.drain()

    assert ConsentRecord.objects.filter(state="withdrawn", purpose=None).count() == 3


def test_an_address_that_is_not_ours_fills_no_disk(client: Client, aurora: Sample, settings: Any) -> None:
    with connection.execute_wrapper(ReadOnly()):
        assert client.post("/stop/AAAA/").status_code == 404
        assert client.post("/preferences/AAAA/", {"all": "yes"}).status_code == 404

    assert spooled(settings) == []


def test_a_yes_is_not_kept_but_asked_for_again(aurora: Sample, client: Client, said: Recorded) -> None:
    from tests.preferences.test_pages import back, pin

    client.post(own(said.act), {"stop": "novidades.sms"})
    token = pin(client.get(back(own(said.act))))
    client.raise_request_exception = False
    with connection.execute_wrapper(ReadOnly()):
        assert client.post(back(own(said.act)), {"token": token}).status_code >= 500
    waiting.drain()

    assert not cast.may(aurora).allow


def test_the_disk_is_looked_at_once_a_second(monkeypatch: pytest.MonkeyPatch, aurora: Sample) -> None:
    monkeypatch.setattr(waiting, "EVERY", 3600.0)
    monkeypatch.setattr(waiting, "_last", waiting.time.monotonic())

    assert waiting.drain() == 0
