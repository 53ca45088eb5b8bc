"""The worker's rounds begin anew with each test."""

from collections.abc import Iterator

import pytest

from consent.aging import working


@pytest.fixture(autouse=True)
def _rounds_begin_anew() -> Iterator[None]:
    working.forget()
    yield
    working.forget()
