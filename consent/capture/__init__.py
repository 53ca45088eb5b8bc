"""The capture methods: the ways in which consent arrives, one module each, listed in the settings."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, URLResolver, include, path

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One capture method: its word in the records, its name for people, and the module of its addresses."""

    slug: str
    name: "str | _StrPromise"
    urls: str


@cache
def methods() -> tuple[Method, ...]:
    """Every method of this installation, in the order of the setting. Raises ImproperlyConfigured."""
    found = tuple(_load(name) for name in settings.OPTIN_CAPTURE_METHODS)
    slugs = [method.slug for method in found]
    if len(set(slugs)) < len(slugs):
        raise ImproperlyConfigured("OPTIN_CAPTURE_METHODS lists a method twice. Name each once.")
    return found


def addresses() -> list[URLPattern | URLResolver]:
    """The addresses of every method; each method's module writes its own from the root."""
    return [path("", include(method.urls)) for method in methods()]


def _load(name: str) -> Method:
    try:
        method = import_module(name).METHOD
    except (ImportError, AttributeError, ValueError) as error:
        raise ImproperlyConfigured(
            f"OPTIN_CAPTURE_METHODS names {name!r}, which is no capture method: {error}."
            " Name modules like consent.capture.website that define METHOD."
        ) from error
    if not isinstance(method, Method):
        raise ImproperlyConfigured(f"OPTIN_CAPTURE_METHODS: {name}.METHOD must be a consent.capture.Method.")
    return method
