"""Everything the API's own document allows, and much that it does not: never a 5xx, nothing undocumented."""

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from consent.api import keys
from consent.sample import Sample
from optin_site.wsgi import django_application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    "GET /api/v1/decisions",
    "POST /api/v1/decisions",
    "POST /api/v1/preflight",
    "POST /api/v1/messages",
    "GET /api/v1/permit-keys",
    "GET /api/v1/points/{point}",
    "POST /api/v1/consents",
    "POST /api/v1/withdrawals",
    "POST /api/v1/subjects/find",
    "GET /api/v1/subjects/{subject}/timeline",
    "GET /api/v1/acts/{act}/receipt",
    "GET /api/v1/records/{record}/proof",
    "POST /api/v1/imports",
    "GET /api/v1/imports/{batch}",
    "POST /api/v1/imports/{batch}/columns",
    "POST /api/v1/imports/{batch}/commit",
    "POST /api/v1/imports/{batch}/undo",
    "GET /api/v1/imports/{batch}/verdicts",
    "GET /api/v1/export",
]


@schemathesis.serializer(
    "application/x-ndjson", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
def _lines(_context: object, value: object) -> bytes:
    return str(value).encode()


@pytest.fixture(autouse=True)
def _the_tests_own_connection_stays() -> Iterator[None]:
    """As Django's test client does: the end of a request must not close the transaction of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.no_cover
@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_a_program_can_send_breaks_the_api(aurora: Sample, operation: str) -> None:
    keys.forget()
    authorization = {"Authorization": f"Bearer {keys.issue(aurora.company, name='Fuzz')}"}
    document = openapi.from_wsgi("/api/v1/openapi.json", django_application)
    method, path = operation.split()

    @given(case=document[path][method].as_strategy())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: object) -> None:
        case.call_and_validate(headers=authorization, checks=CHECKS)  # type: ignore[attr-defined]

    ask()


def test_no_operation_is_left_out(aurora: Sample) -> None:
    document = openapi.from_wsgi("/api/v1/openapi.json", django_application)

    found = [one.ok() for one in document.get_all_operations()]

    assert {f"{one.method.upper()} {one.path}" for one in found} == set(OPERATIONS)
