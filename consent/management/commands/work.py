"""`manage.py work`: sequence, send and deliver until told to stop; run as many as you like."""

import gc
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import work
from consent.log.errors import LogRefuses


class Command(BaseCommand):
    help = "Work in the background until stopped: give log entries their places, send messages."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        gc.freeze()  # what is loaded stays; looking through it for garbage would only halt the work
        try:
            work.run(stop)
        except LogRefuses as error:
            raise CommandError(str(error)) from error
