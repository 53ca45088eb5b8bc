"""`manage.py rotate_log_key`: make the next key of the log, or let it take over where the present one is lost."""

import os
from base64 import b64encode
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent.log import eras, note, published, tree
from consent.log.errors import LogRefuses

FILE = "log-key-next"

HOW = """\
A new key is in {path}. Its verifier key, for those who verify the log:
{vkey}

1. Set OPTIN_LOG_KEY_NEXT_FILE={path} and restart: from then on both keys sign.
2. Tell the witnesses, and whoever else verifies, the new verifier key; leave them time.
3. Set OPTIN_LOG_KEY_FILE={path}, remove OPTIN_LOG_KEY_NEXT_FILE and the old key, and restart.

docs/key-rotation.md says more, also for a key that was lost or stolen. Keep a copy of the file in a safe place."""


class Command(BaseCommand):
    help = (
        "Make the next key of the log. With --at-once: let OPTIN_LOG_KEY take over from a lost or stolen key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="OPTIN_LOG_KEY is the new key already; the old one counts no longer and signs nothing more",
        )

    def handle(self, **options: Any) -> None:
        self.stdout.write(_take_over() if options["at_once"] else _make())


def _make() -> str:
    """Make a key in a file of its own; what is printed does not hold it."""
    if settings.OPTIN_LOG_KEY_NEXT:
        raise CommandError("OPTIN_LOG_KEY_NEXT is set: a change of keys is under way. End it first.")
    path, seed = Path(settings.OPTIN_DATA_DIR) / FILE, os.urandom(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CommandError(f"{path} is there already. Use it, or move it away.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{b64encode(seed).decode('ascii')}\n")
        file.flush()
        os.fsync(file.fileno())
    return HOW.format(path=path, vkey=note.Signer.from_seed(published.origin(), seed).verifier)


def _take_over() -> str:
    all_eras = eras.read()
    change = eras.at_once(all_eras, timezone.now())
    if change.keys == all_eras[-1].keys:
        raise CommandError("OPTIN_LOG_KEY signs the log already; set it to the new key first.")
    try:
        done = tree.sequence(change=change)
    except LogRefuses as refusal:
        raise CommandError(str(refusal)) from refusal
    if not done:
        raise CommandError("Another process is at work on the log. Stop the workers and try again.")
    return (
        f"The log is signed by {' '.join(map(str, change.keys))} from now on. Tell everybody who verifies it."
    )
