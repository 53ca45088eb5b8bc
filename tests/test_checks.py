"""An installation with a mistake in it says so before it starts."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import checks as django_checks
from django.core.checks import Tags
from django.db import ConnectionHandler, OperationalError, connection

from consent import capture, checks
from consent.models import CapturePoint, Sender
from consent.sample import Sample
from optin_site import env


def found(*tags: str, **options: Any) -> list[str]:
    every = django_checks.run_checks(tags=tags or None, **options)
    return [message.id for message in every if str(message.id).startswith("consent.")]


def test_as_it_is_set_up_here_nothing_is_wrong(db: None) -> None:
    assert found() == []


def test_wal_on_a_library_that_may_lose_commits_is_refused(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a newer library left it: the journal's mode is kept in the file.
    with contextlib.closing(sqlite3.connect(tmp_path / "wal.sqlite3")) as newer:
        newer.execute("PRAGMA journal_mode=WAL")
    other = ConnectionHandler({"default": env.database(f"sqlite:///{tmp_path}/wal.sqlite3")})
    monkeypatch.setattr(checks, "connections", other)

    def judged(version: tuple[int, int, int]) -> list[str | None]:
        monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
        return [message.id for message in checks.journal_is_safe(["default"])]

    assert judged((3, 40, 1)) == ["consent.E001"]
    assert judged((3, 51, 3)) == []
    other["default"].cursor().execute("PRAGMA journal_mode=DELETE")
    assert judged((3, 40, 1)) == []
    other["default"].close()


def test_the_database_under_test_is_safe(db: None) -> None:
    assert found(Tags.database, databases=[connection.alias]) == []


@pytest.fixture
def methods_are(settings: Any) -> Iterator[Callable[..., None]]:
    """Lists other capture methods in the settings."""

    def change(*names: str) -> None:
        settings.OPTIN_CAPTURE_METHODS = names
        capture.methods.cache_clear()

    yield change
    capture.methods.cache_clear()


def test_a_method_that_is_none_is_refused(methods_are: Callable[..., None]) -> None:
    methods_are("consent.capture.telepathy")
    assert [message.id for message in checks.methods_exist()] == ["consent.E002"]


def test_a_witness_without_an_address_is_refused(settings: Any) -> None:
    settings.OPTIN_WITNESSES = ["witness.example"]

    assert [message.id for message in checks.witnesses_can_be_read()] == ["consent.E003"]


@pytest.mark.parametrize(
    ("address", "ids"),
    [
        ("http://localhost:8000", []),
        ("https://consent.example.org", ["consent.W001"]),
        ("http://consent.example.org", ["consent.W001", "consent.W002"]),
    ],
)
def test_the_sandbox_and_plain_http_are_not_for_the_public(
    settings: Any, address: str, ids: list[str]
) -> None:
    settings.OPTIN_SANDBOX = True
    settings.OPTIN_PUBLIC_URL = address

    assert sorted(found(Tags.security)) == ids


def test_the_library_is_known_by_its_version() -> None:
    assert [
        env.wal_is_mended(version) for version in [(3, 44, 6), (3, 45, 0), (3, 50, 7), (3, 51, 2), (3, 51, 3)]
    ] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_whatsapp_number_without_keys_or_approved_text_is_named(aurora: Sample) -> None:
    def ids() -> list[str]:
        return [message.id for message in checks.whatsapp_can_speak(databases=["default"]) if message.id]

    assert ids() == []
    sender = Sender.objects.create(
        company=aurora.company, channel="whatsapp", provider="meta", address="+15550783881"
    )
    assert ids() == ["consent.W003"]
    CapturePoint.objects.filter(pk=aurora.point.pk).update(sender=sender)
    assert ids() == ["consent.W003", "consent.W004"]
    sender.number_id, sender.secret = "1", b"sealed"
    sender.save()
    sender.templates.create(language="en", name="confirm", body="{company}")
    assert ids() == []
    assert checks.whatsapp_can_speak(databases=None) == []


def test_before_there_are_tables_nothing_is_said_of_numbers(db: None) -> None:
    """The check runs before the first migration too."""

    def refuse(*_anything: Any) -> Any:
        raise OperationalError("no such table")

    with connection.execute_wrapper(refuse):
        assert checks.whatsapp_can_speak(databases=["default"]) == []


def test_a_capture_point_that_calls_needs_the_method_that_calls(
    aurora: Sample, methods_are: Callable[..., None]
) -> None:
    def found(*methods: str) -> list[str | None]:
        methods_are(*methods)
        return [each.id for each in checks.calls_can_be_made(databases=["default"])]

    assert checks.calls_can_be_made(databases=None) == []
    assert found("consent.capture.website", "consent.capture.ivr") == []
    assert found("consent.capture.website") == ["consent.E005"]
    assert found("consent.capture.nowhere") == []
    aurora.company.points.update(is_open=False)
    assert found("consent.capture.website") == []
