"""What is wrong with an installation, said before it starts and not by a person later."""

import sqlite3
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from consent import capture, witnesses
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
