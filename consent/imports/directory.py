"""How much a zip may say of its own contents, before any of it is read."""

import zipfile
from typing import IO

# Bytes; 20,000 files with long names need half of it, and Python ten times as many to hold it.
LARGEST = 8_000_000


def check(file: IO[bytes]) -> None:
    """Raises zipfile.BadZipFile where it is no zip, or its directory is larger than that of any honest one."""
    # Not part of zipfile's interface, but the very reading by which ZipFile takes in all of it at once.
    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if not end or end[zipfile._ECD_SIZE] > LARGEST:  # type: ignore[attr-defined]
        raise zipfile.BadZipFile("no directory, or one larger than anybody needs")
    file.seek(0)
