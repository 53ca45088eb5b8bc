"""What the settings make of the environment, each time in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
SHOW = """
import json
from optin_site import settings
print(json.dumps({name: getattr(settings, name, None) for name in %r}, default=str))
"""


def loaded(*names: str, **variables: str) -> dict[str, Any]:
    result = started(SHOW % (names,), **variables)
    assert result.returncode == 0, result.stderr
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def started(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    foreign = ("OPTIN_", "DATABASE", "PORT", "DJANGO_SETTINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    variables = {"OPTIN_THROWAWAY_KEYS": "1"} | variables
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_on_this_machine_it_answers_to_its_own_names_over_http(tmp_path: Path) -> None:
    values = loaded(
        "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "OPTIN_PUBLIC_URL", PORT="8123"
    )

    assert values["OPTIN_PUBLIC_URL"] == "http://localhost:8123"
    assert set(values["ALLOWED_HOSTS"]) == {"localhost", "127.0.0.1", "[::1]"}
    assert values["SESSION_COOKIE_SECURE"] is False
    assert values["SECURE_HSTS_SECONDS"] == 0


def test_in_public_it_answers_to_that_name_alone_and_over_https() -> None:
    values = loaded(
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "OPTIN_LOG_ORIGIN",
        "SESSION_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
        "SECURE_SSL_REDIRECT",
        "SECURE_PROXY_SSL_HEADER",
        OPTIN_PUBLIC_URL="https://consent.example.org/",
    )

    assert values["ALLOWED_HOSTS"] == ["consent.example.org"]
    assert values["CSRF_TRUSTED_ORIGINS"] == ["https://consent.example.org"]
    assert values["OPTIN_LOG_ORIGIN"] == "consent.example.org/log"
    assert values["SESSION_COOKIE_SECURE"] is True
    assert values["SECURE_HSTS_SECONDS"] > 0
    # Nobody in front says which scheme it was, so nothing that is said about it is believed.
    assert values["SECURE_SSL_REDIRECT"] is False
    assert values["SECURE_PROXY_SSL_HEADER"] is None


def test_behind_a_proxy_plain_http_is_sent_to_https() -> None:
    public = {"OPTIN_PUBLIC_URL": "https://consent.example.org", "OPTIN_PROXY_HOPS": "1"}

    assert loaded("SECURE_SSL_REDIRECT", **public) == {"SECURE_SSL_REDIRECT": True}


@pytest.mark.parametrize(
    "url", ["consent.example.org", "ftp://a.example", "https://a.example/path", "https://a?b"]
)
def test_a_public_address_that_cannot_be_one_is_refused(url: str) -> None:
    result = started("import optin_site.settings", OPTIN_PUBLIC_URL=url)

    assert "OPTIN_PUBLIC_URL must be like" in result.stderr


def test_without_secrets_it_does_not_start_and_says_what_to_do(tmp_path: Path) -> None:
    command = "import sys; sys.argv = ['manage.py', 'migrate']; import manage; manage.main()"
    result = started(command, OPTIN_THROWAWAY_KEYS="0", OPTIN_DATA_DIR=str(tmp_path))

    assert result.returncode == 1
    assert result.stderr.startswith(
        "Not started: OPTIN_SECRET_KEY is not set. Run `manage.py init_secrets` once"
    )
    assert "Traceback" not in result.stderr


def test_throwaway_keys_never_replace_the_ones_that_were_set() -> None:
    assert loaded("SECRET_KEY", OPTIN_SECRET_KEY="mine") == {"SECRET_KEY": "mine"}


@pytest.mark.parametrize(
    ("version", "journal"),
    [
        ((3, 40, 1), "DELETE"),
        ((3, 44, 5), "DELETE"),
        ((3, 44, 6), "WAL"),
        ((3, 45, 0), "DELETE"),
        ((3, 50, 6), "DELETE"),
        ((3, 50, 7), "WAL"),
        ((3, 51, 2), "DELETE"),
        ((3, 51, 3), "WAL"),
        ((3, 52, 0), "WAL"),
    ],
)
def test_wal_is_used_only_where_its_reset_is_mended(version: tuple[int, int, int], journal: str) -> None:
    from optin_site.settings import _sqlite_journal

    assert _sqlite_journal(version).startswith(f"journal_mode={journal};")


def test_postgresql_keeps_its_connections_and_prepares_its_statements() -> None:
    databases = loaded("DATABASES", DATABASE_URL="postgresql://u@h/optin?sslmode=require")["DATABASES"][
        "default"
    ]

    assert databases["CONN_MAX_AGE"] is None
    assert databases["OPTIONS"] == {"sslmode": "require", "server_side_binding": True, "prepare_threshold": 1}


def test_erased_bytes_are_overwritten_on_sqlite() -> None:
    options = loaded("DATABASES", OPTIN_DATA_DIR="/nowhere")["DATABASES"]["default"]["OPTIONS"]

    assert "secure_delete=ON" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"


def test_every_page_comes_under_a_policy_that_allows_no_foreign_code(client: Any, db: None) -> None:
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]

    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert settings.SECURE_REFERRER_POLICY == "same-origin"
