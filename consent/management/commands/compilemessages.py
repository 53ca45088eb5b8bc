"""Compiles the translations with polib, where Django's own command would need gettext's programs."""

import os
from pathlib import Path
from typing import Any

import polib
from django.core.management.base import BaseCommand

LOCALE = Path(__file__).resolve().parents[2] / "locale"


class Command(BaseCommand):
    help = "Compile every catalogue whose .po file is newer than its .mo file."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        for catalogue in compile_catalogues(LOCALE):
            if options["verbosity"] > 0:
                self.stdout.write(f"compiled {catalogue.relative_to(LOCALE)}")


def compile_catalogues(folder: Path) -> list[Path]:
    """The catalogues that were out of date and are compiled now."""
    return [source for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _compile(source)]


def _compile(source: Path) -> bool:
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    # Whole under another name first: several test processes may compile at once.
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    polib.pofile(str(source)).save_as_mofile(str(draft))
    draft.replace(target)
    return True
