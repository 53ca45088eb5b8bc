"""Reads the environment: every setting typed, every mistake named together with what to do about it."""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


@dataclass(frozen=True)
class Keyring:
    """The keys that wrap other keys, by number; the current one is the last that was added."""

    keys: Mapping[int, bytes]

    @property
    def current(self) -> tuple[int, bytes]:
        number = next(reversed(list(self.keys)))
        return number, self.keys[number]


@dataclass(frozen=True)
class Environment:
    """The process's variables over the ones a secrets file offers."""

    variables: Mapping[str, str]
    offered: Mapping[str, str]

    def text(self, name: str, default: str | None = None) -> str:
        """The value of `name`, or what the file that `name`_FILE names holds, or the secrets file's."""
        if value := self.variables.get(name):
            return value
        if path := self.variables.get(f"{name}_FILE"):
            return self._from_file(name, Path(path))
        if value := self.offered.get(name):
            return value
        if default is None:
            raise ImproperlyConfigured(
                f"{name} is not set. Run `manage.py init_secrets` once, or set {name} or {name}_FILE."
            )
        return default

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, "1" if default else "0").strip().lower()
        if value not in TRUE | FALSE:
            raise ImproperlyConfigured(f"{name} is {value!r}. Set it to 1 or 0.")
        return value in TRUE

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        value = self.text(name, str(default)).strip()
        if not value.isascii() or not value.isdigit() or int(value) < least:
            raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a whole number, {least} or more.")
        return int(value)

    def json(self, name: str) -> dict[str, Any]:
        """A JSON object; an empty one where nothing is set."""
        try:
            value = json.loads(self.text(name, "{}"))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise ImproperlyConfigured(
                f'{name} is no JSON object. Write it like {{"host": "mail.example.org"}}.'
            )
        return value

    def words(self, name: str, default: str) -> list[str]:
        """A list separated by commas; empty words are dropped."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def key(self, name: str) -> bytes:
        """32 bytes written in base64."""
        return _key(name, self.text(name))

    def key_or_none(self, name: str) -> bytes | None:
        """32 bytes written in base64, where there are any."""
        value = self.text(name, "")
        return _key(name, value) if value else None

    def keyring(self, name: str) -> Keyring:
        """Numbered keys, "1:<base64>,2:<base64>"; the last one is current."""
        keys: dict[int, bytes] = {}
        for word in self.words(name, self.text(name)):
            number, colon, value = word.partition(":")
            if not colon or not number.isascii() or not number.isdigit() or not 1 <= int(number) <= 255:
                raise ImproperlyConfigured(
                    f"{name} must look like 1:<base64>,2:<base64> with numbers from 1 to 255."
                )
            if int(number) in keys:
                raise ImproperlyConfigured(
                    f"{name} has two keys numbered {number}. Give each its own number."
                )
            keys[int(number)] = _key(name, value)
        if not keys:
            raise ImproperlyConfigured(f"{name} has no key. It must look like 1:<base64>,2:<base64>.")
        return Keyring(keys)

    def _from_file(self, name: str, path: Path) -> str:
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from error
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE names an empty file: {path}.")
        return value


def read(secrets_file: Path) -> Environment:
    """The environment as it is now, with `secrets_file` behind it when there is one."""
    try:
        text = secrets_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except OSError as error:
        raise ImproperlyConfigured(
            f"{secrets_file} cannot be read: {error}. Run as the user who owns it."
        ) from error
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return Environment(os.environ, {name.strip(): value.strip() for name, _, value in pairs})


def new_secrets() -> dict[str, str]:
    """A fresh value for every secret the product cannot start without."""
    return {
        "OPTIN_SECRET_KEY": _random(48),  # as long as Django wants it
        "OPTIN_KEYRING": f"1:{_random(KEY_BYTES)}",
        "OPTIN_LOOKUP_KEY": _random(KEY_BYTES),
        "OPTIN_LOG_KEY": _random(KEY_BYTES),
    }


def database(url: str) -> dict[str, Any]:
    """Django's settings for sqlite:///path or postgresql://user:password@host:port/name?option=value."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = unquote(parts.path)[1:]
        if parts.netloc or not path:
            raise ImproperlyConfigured(
                "DATABASE_URL: write sqlite:///relative/path or sqlite:////absolute/path."
            )
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("DATABASE_URL must start with sqlite:/// or postgresql://.")
    options = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL: the port is not a number from 1 to 65535.") from error
    name = unquote(parts.path)[1:]
    if not name:
        raise ImproperlyConfigured("DATABASE_URL names no database: postgresql://user@host/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket's folder does not fit where a host stands: libpq's own ?host=/run/postgresql does.
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": options,
    }


def storage(place: str) -> dict[str, Any]:
    """Where files go: a folder, or s3://bucket/folder with boto3 installed and its own settings in the environment."""
    if not place.startswith("s3://"):
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": place}}
    bucket, _, folder = place.removeprefix("s3://").partition("/")
    if not bucket:
        raise ImproperlyConfigured("A place in a bucket is written s3://bucket/folder.")
    options = {"bucket_name": bucket, "location": folder.strip("/"), "file_overwrite": False}
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def scanner(place: str) -> str | tuple[str, int] | None:
    """Where clamd listens: the path of unix:/path, or host and port of tcp://host:port; None where nothing is set."""
    if not place:
        return None
    if place.startswith("unix:/"):
        return place.removeprefix("unix:")
    parts = urlsplit(place)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "tcp" or not parts.hostname or not port:
        raise ImproperlyConfigured(
            "OPTIN_SCANNER is written unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310."
        )
    return parts.hostname, port


def wal_is_mended(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite can no longer lose a commit to its WAL-reset race (3.51.3, 3.50.7, 3.44.6)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _random(size: int) -> str:
    return base64.b64encode(os.urandom(size)).decode()


def _key(name: str, value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ImproperlyConfigured(
            f"{name} is not base64. `manage.py init_secrets` writes one that is."
        ) from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(
            f"{name} has {len(key)} bytes and needs {KEY_BYTES}. `manage.py init_secrets` writes one."
        )
    return key
