"""The secrets are written once, whole, and for their owner's eyes only."""

import stat
from pathlib import Path
from typing import Any

from django.core.management import call_command

from optin_site import env


def test_the_secrets_are_written_once_and_never_touched_again(
    settings: Any, tmp_path: Path, capsys: Any
) -> None:
    settings.OPTIN_SECRETS_FILE = tmp_path / "data" / "secrets.env"

    call_command("init_secrets")
    first = settings.OPTIN_SECRETS_FILE.read_text()
    call_command("init_secrets")
    call_command("init_secrets", verbosity=2)

    assert settings.OPTIN_SECRETS_FILE.read_text() == first
    assert stat.S_IMODE(settings.OPTIN_SECRETS_FILE.stat().st_mode) == 0o600
    assert [path.name for path in settings.OPTIN_SECRETS_FILE.parent.iterdir()] == ["secrets.env"]
    assert capsys.readouterr().out.splitlines() == [
        f"Secrets written to {settings.OPTIN_SECRETS_FILE}. Keep a copy of it in a safe place.",
        f"Secrets are in {settings.OPTIN_SECRETS_FILE} already.",
    ]


def test_what_is_written_is_everything_the_settings_ask_for(settings: Any, tmp_path: Path) -> None:
    settings.OPTIN_SECRETS_FILE = tmp_path / "secrets.env"

    call_command("init_secrets", verbosity=0)

    assert env.read(settings.OPTIN_SECRETS_FILE).offered.keys() == env.new_secrets().keys()
