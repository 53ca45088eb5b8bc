"""Writes the installation's secrets once, where only its own user can read them."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from optin_site import env

HEAD = """\
# The secrets of this installation. Keep a copy of them, apart from the copies of the database:
# without OPTIN_KEYRING nothing that was sealed opens again. docs/configuration.md says what each is for.
"""


class Command(BaseCommand):
    help = "Write the installation's secrets to OPTIN_DATA_DIR/secrets.env, unless they are there already."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        path = Path(settings.OPTIN_SECRETS_FILE)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._write(path):
            self.stdout.write(f"Secrets written to {path}. Keep a copy of it in a safe place.")
        elif options["verbosity"] > 1:
            self.stdout.write(f"Secrets are in {path} already.")

    def _write(self, path: Path) -> bool:
        """Whether the file was written; one that exists is never touched."""
        text = HEAD + "".join(f"{name}={value}\n" for name, value in env.new_secrets().items())
        # Written whole under another name and then linked: whoever reads meanwhile sees all of it or none.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True
