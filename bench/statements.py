"""The statements that one filled-in form costs, caught as they leave for the database."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client

from bench import forms

Statement = tuple[str, Any, bool]


def of_one_form(*, boxes: int) -> list[Statement]:
    """(SQL, parameters, whether many) of every statement of one POST by somebody new."""
    client = Client(headers=forms.HEADERS, SERVER_NAME="localhost")
    first, second = forms.fill_in(2, boxes=boxes).bodies
    _post(client, first)  # whatever is read once and kept is read now
    caught: list[Statement] = []

    def catch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        rows = [list(row) for row in params] if many else list(params or ())
        caught.append((sql, rows, many))
        return execute(sql, rows, many, context)

    with connection.execute_wrapper(catch):
        _post(client, second)
    return caught


def _post(client: Client, body: bytes) -> None:
    answer = client.post(forms.PATH, body, content_type=forms.HEADERS["Content-Type"])
    assert answer.status_code == 303, answer.content
