"""The server's log names routes and hides what looks like a person."""

import logging
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import resolve

from optin_site import logs


def written(record: logging.LogRecord) -> str:
    assert logs.RouteNotPath().filter(record)
    return logs.Sober().format(record)


def record(message: str, *args: Any, name: str = "consent.work", **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize(
    "personal",
    [
        "+5511987654321",
        "+55 11 98765-4321",
        "(11) 98765-4321",
        "11987654321",
        "300.123.4567",
        "tel:3001234567",
        "203.0.113.77",
        "ana@example.org",
    ],
)
def test_nothing_that_looks_like_a_person_is_written(personal: str) -> None:
    line = written(record("could not write to %s today", personal))

    assert personal not in line
    assert "could not write to" in line
    assert line.endswith("today")


@pytest.mark.parametrize(
    "kept",
    ["in 0.25 seconds", "round 1234", "0198b7f2-31c5-7abc-8def-112233445566", "error 21610", "size 123456"],
)
def test_counts_and_ids_stay_readable(kept: str) -> None:
    assert kept in written(record("done: %s", kept))


def test_a_line_begins_with_its_time_in_utc() -> None:
    made = record("x")
    made.created = 0.0

    assert logs.Sober().format(made) == "1970-01-01T00:00:00Z WARNING consent.work: x"


def test_an_error_keeps_its_place_but_not_the_values_a_database_quotes() -> None:
    home = " ".join(["Rua", "das", "Flores"])  # not as it stands in this line, which the traceback shows
    try:
        raise ValueError(f"duplicate key\nDETAIL:  Key (value)=({home}) already exists.")
    except ValueError as error:
        made = record("failed", exc_info=(type(error), error, error.__traceback__))
        line = written(made)

    assert "ValueError: duplicate key" in line
    assert "test_logs.py" in line
    assert home not in line


def test_no_further_line_of_what_a_database_quotes_is_written() -> None:
    lines = ["Rua das", "Flores 1)", "  File of Ana"]
    quoted = "\n".join(lines)
    try:
        try:
            raise ValueError(f"null value\nDETAIL:  Failing row contains (7, {quoted}, 8).")
        except ValueError as error:
            raise LookupError("nobody there") from error
    except LookupError as error:
        line = written(record("failed", exc_info=(type(error), error, error.__traceback__)))

    said = line.replace(f'["{lines[0]}", "{lines[1]}", "{lines[2]}"]', "")  # as it stands above
    assert not [part for part in lines if part in said]
    assert "ValueError: null value" in said
    assert "LookupError: nobody there" in said


def test_a_traceback_another_handler_rendered_is_not_used() -> None:
    assert "+5511987654321" not in written(record("failed", exc_text="ValueError: +5511987654321"))


def test_a_request_is_written_as_its_route() -> None:
    request = RequestFactory().get("/admin/login/?next=+5511987654321")
    request.resolver_match = resolve("/admin/login/")
    line = written(
        record("Not Found: %s", request.path, name="django.request", request=request, status_code=404)
    )

    assert line.endswith("404 GET /admin/login/")


def test_a_request_without_a_route_is_written_without_its_path() -> None:
    request = RequestFactory().get("/r/secret-token/")
    line = written(
        record("Not Found: %s", request.path, name="django.request", request=request, status_code=404)
    )

    assert "secret-token" not in line
    assert "(no route)" in line


def test_what_strangers_send_as_a_host_is_not_written() -> None:
    line = written(record("Invalid HTTP_HOST header: %r", "evil", name="django.security.DisallowedHost"))

    assert "evil" not in line
    assert "django.security.DisallowedHost" in line


def test_a_page_that_is_not_there_leaves_no_address_in_the_log(client: Any, caplog: Any, db: None) -> None:
    client.get("/r/secret-token/nowhere/")

    assert caplog.records
    assert not any("secret-token" in written(made) for made in caplog.records)
