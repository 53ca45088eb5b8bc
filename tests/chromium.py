"""Finds a Chromium on this machine, and says how it is started."""

import os
import shutil
from pathlib import Path

PLACES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
WHY_NOT = (
    "no Chromium was found: set CHROMIUM_PATH, or install one (Debian and Ubuntu: apt-get install chromium); "
    f"looked for CHROMIUM_PATH, {', '.join(PLACES)}"
)
# It asks nobody anything of its own accord, so every request that is seen is one of the page's.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def find() -> Path | None:
    """Where the browser is, or None."""
    if named := os.environ.get("CHROMIUM_PATH"):
        return Path(named) if Path(named).exists() else None
    found = next(filter(None, map(shutil.which, PLACES)), None)
    if found is None and Path(MAC).exists():
        found = MAC
    return Path(found) if found else None


def flags() -> list[str]:
    # Chromium refuses root with its sandbox on; what it opens here are our own pages alone.
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
