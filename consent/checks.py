"""What is wrong with an installation, said before it starts and not by a person later."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from consent import capture, witnesses
from consent.models import CapturePoint, Sender
from consent.vocabulary import Channel, Confirmation
from optin_site import env

HERE = {"localhost", "127.0.0.1", "::1"}


@register(Tags.database)
def journal_is_safe(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A WAL journal on a SQLite that may lose what was acknowledged is refused."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        connection = connections[alias]
        if connection.vendor != "sqlite" or env.wal_is_mended(sqlite3.sqlite_version_info):
            continue
        with connection.cursor() as cursor:
            mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
        if mode == "wal":
            found.append(
                Error(
                    f"The database is in WAL mode, where SQLite {sqlite3.sqlite_version} may lose a commit.",
                    hint="Stop every process once and start again, or use SQLite 3.51.3 or newer.",
                    id="consent.E001",
                )
            )
    return found


@register()
def methods_exist(**_: Any) -> list[CheckMessage]:
    """Every capture method of the settings can be loaded."""
    try:
        capture.methods()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="consent.E002")]
    return []


@register()
def methods_have_what_they_need(**_: Any) -> list[CheckMessage]:
    """Every setting without which a capture method cannot work is there."""
    try:
        methods = capture.methods()
    except ImproperlyConfigured:
        return []  # said by `methods_exist`
    return [
        Error(
            f"The capture method {method.slug} needs {need}, which is empty.",
            hint=f"Set {need}, or leave {method.slug} out of OPTIN_CAPTURE_METHODS.",
            id="consent.E004",
        )
        for method in methods
        for need in method.needs
        if not getattr(settings, need, "")
    ]


@register()
def witnesses_can_be_read(**_: Any) -> list[CheckMessage]:
    """Every witness of the settings has a verifier key and an address."""
    try:
        witnesses.configured()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="consent.E003")]
    return []


@register(Tags.database)
def whatsapp_can_speak(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Every WhatsApp number has its keys, and a text for whoever has not written for a day."""
    if not databases:
        return []
    try:
        return [*_without_keys(), *_without_template()]
    except DatabaseError:  # the tables are not there yet: this also runs before they are made
        return []


def _without_keys() -> Iterator[CheckMessage]:
    numbers = Sender.objects.filter(channel=Channel.WHATSAPP).exclude(provider="sandbox")
    for pk, provider, secret, number_id in numbers.values_list("pk", "provider", "secret", "number_id"):
        if not secret or (provider == "meta" and not number_id):
            message = f"Sender {pk} on WhatsApp has no keys: nothing leaves from it, and nothing is believed."
            yield Warning(message, hint="Enter its account and keys in the admin.", id="consent.W003")


def _without_template() -> Iterator[CheckMessage]:
    asking = CapturePoint.objects.filter(
        sender__channel=Channel.WHATSAPP, is_open=True, sender__templates=None
    )
    for slug in asking.exclude(confirmation=Confirmation.NONE).values_list("slug", flat=True):
        message = f"Capture point {slug} asks typed numbers on WhatsApp without an approved text."
        hint = "Add a message template in the admin: only such texts reach whoever has not written for a day."
        yield Warning(message, hint=hint, id="consent.W004")


@register(Tags.database)
def calls_can_be_made(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A capture point that has numbers proved by a call needs the method that calls."""
    try:
        if not databases or any(method.slug == "ivr" for method in capture.methods()):
            return []
        calling = CapturePoint.objects.filter(confirmation=Confirmation.CALL, is_open=True)
        return [
            Error(
                f"Capture point {slug} has numbers proved by a call, and the capture method ivr is off.",
                hint="Add consent.capture.ivr to OPTIN_CAPTURE_METHODS, or choose another proof in the admin.",
                id="consent.E005",
            )
            for slug in calling.values_list("slug", flat=True)
        ]
    except (DatabaseError, ImproperlyConfigured):  # no tables yet, or said by `methods_exist`
        return []


@register(Tags.security)
def sandbox_is_at_home(**_: Any) -> list[CheckMessage]:
    """The sandbox phone answers for numbers, so it is not for the public."""
    if not settings.OPTIN_SANDBOX or urlsplit(settings.OPTIN_PUBLIC_URL).hostname in HERE:
        return []
    message = "The sandbox phone is open to everybody who can reach this installation."
    return [Warning(message, hint="Set OPTIN_SANDBOX=0 where people are asked for real.", id="consent.W001")]


@register(Tags.security)
def public_is_https(**_: Any) -> list[CheckMessage]:
    """In public, numbers and receipts travel under HTTPS only."""
    public = urlsplit(settings.OPTIN_PUBLIC_URL)
    if public.scheme == "https" or public.hostname in HERE:
        return []
    message = "OPTIN_PUBLIC_URL is plain HTTP: numbers, codes and staff passwords can be read on the way."
    return [Warning(message, hint="Put a proxy with HTTPS in front and name its address.", id="consent.W002")]
