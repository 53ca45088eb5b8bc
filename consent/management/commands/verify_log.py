"""`manage.py verify_log`: recompute the whole log from its stored bytes and name the first thing that is wrong."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import integrity
from consent.log import audit, guard, note, published


class Command(BaseCommand):
    help = "Check every entry, tile, checkpoint and record of the log; the exit code is 1 where something is wrong."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            verified = audit.verify(integrity.entries(), logs=published.keys())
            audit.check_cosignatures()
            waiting = integrity.check_pending(verified.size)
            integrity.check_no_record_is_outside(verified.size)
            guard.check()
        except (audit.LogBroken, guard.LogBehind, note.NoteInvalid) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The log holds: {verified.size} entries, {verified.checkpoints} checkpoints, root {verified.root.hex()};"
            f" {waiting} entries are waiting for their place."
        )
