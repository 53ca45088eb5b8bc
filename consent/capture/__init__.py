"""The capture methods: the ways in which consent arrives, one module each, listed in the settings."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent import hooks
from consent.hooks import Hook

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One capture method: its word in the records, its name for people, and the module of its addresses.

    `messages` is its door at the one address where Twilio delivers messages of every channel. `needs` are the settings
    without which it cannot work.
    """

    slug: str
    name: "str | _StrPromise"
    urls: str
    messages: Hook | None = None
    needs: tuple[str, ...] = ()


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
    own: list[URLPattern | URLResolver] = [path("", include(method.urls)) for method in methods()]
    return [path("hooks/twilio/messages/", messages, name="twilio-messages"), *own]


@csrf_exempt  # the signature says who it is
@require_POST
def messages(request: HttpRequest) -> HttpResponse:
    """Twilio's webhook for incoming messages: verify, keep, read, record, reply, by the method they are for."""
    doors = [method.messages for method in methods() if method.messages is not None]
    if not doors:
        raise Http404("No method takes messages from Twilio.")
    return hooks.answer(request, *doors)


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
