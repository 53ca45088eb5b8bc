"""The list of capture methods: what it holds, and what it says when it cannot be read."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from consent import capture


@pytest.fixture(autouse=True)
def _listed_anew() -> Iterator[None]:
    capture.methods.cache_clear()
    yield
    capture.methods.cache_clear()


def test_every_listed_method_has_a_name_and_addresses() -> None:
    assert {"website", "sms"} <= {method.slug for method in capture.methods()}
    assert all(str(method.name) for method in capture.methods())
    assert len(capture.addresses()) == len(capture.methods()) + 1  # and the one that several share


@pytest.mark.parametrize("name", ["consent.capture.telepathy", "consent.errors", "nothing", ""])
def test_a_name_that_is_no_method_is_named_with_what_to_do(settings: Any, name: str) -> None:
    settings.OPTIN_CAPTURE_METHODS = [name]

    with pytest.raises(ImproperlyConfigured, match="OPTIN_CAPTURE_METHODS names"):
        capture.methods()


def test_a_method_is_a_method(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from consent import errors

    monkeypatch.setattr(errors, "METHOD", "website", raising=False)
    settings.OPTIN_CAPTURE_METHODS = ["consent.errors"]

    with pytest.raises(ImproperlyConfigured, match=r"must be a consent\.capture\.Method"):
        capture.methods()


def test_a_method_is_listed_once(settings: Any) -> None:
    settings.OPTIN_CAPTURE_METHODS = ["consent.capture.website"] * 2

    with pytest.raises(ImproperlyConfigured, match="twice"):
        capture.methods()
