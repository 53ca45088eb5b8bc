"""Makes an installation ready to start: translations, static files, tables; nothing is done twice."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from consent.management.commands import compilemessages

# Of Bootstrap's files the pages use two; compressing all the others would cost half a minute.
UNUSED = ["bootstrap-*", "bootstrap.rtl.*", "bootstrap.css*", "bootstrap.js*", "bootstrap.min.js*"]
UNUSED += ["bootstrap.esm*", "bootstrap.bundle.js*", "*.ABOUT"]


class Command(BaseCommand):
    help = "Compile translations, collect static files and bring the tables up to date."
    requires_system_checks: list[str] = []

    def handle(self, **_: Any) -> None:
        _refuse_closed_database()
        compilemessages.compile_catalogues(compilemessages.LOCALE)
        if not settings.DEBUG:
            self._collect_static(Path(settings.STATIC_ROOT))
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)

    def _collect_static(self, root: Path) -> None:
        note, fingerprint = root / ".collected", _fingerprint()
        if note.exists() and note.read_text() == fingerprint:
            return
        self.stdout.write("Collecting static files (only when they changed) ...")
        note.unlink(missing_ok=True)
        call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=UNUSED)
        note.write_text(fingerprint)


def _refuse_closed_database() -> None:
    try:
        connection.ensure_connection()
    except OperationalError as error:
        where = connection.settings_dict["HOST"] or connection.settings_dict["NAME"]
        raise CommandError(
            f"The database at {where} does not open: {error} Is DATABASE_URL right?"
        ) from error


def _fingerprint() -> str:
    """What the files to be collected are, by name, size and time; to read them all is as slow as to copy."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(UNUSED):
            seen.update(f"{name} {storage.size(name)} {storage.get_modified_time(name)}\n".encode())
    return seen.hexdigest()
