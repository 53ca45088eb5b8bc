"""Scans and recordings that rows of a list name: taken from a zip into sealed rows, never unpacked to a disk."""

import zipfile
from collections.abc import Sequence
from functools import partial
from typing import IO, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from consent import vault
from consent.errors import BadInput
from consent.imports import claims, directory
from consent.models import Import, ImportFile
from consent.providers import scanner

LARGEST_ZIP = 500_000_000  # bytes
LARGEST = 25_000_000  # bytes of one file
MOST = 20_000  # files
UNPACKED = 1_000_000_000  # bytes of all of them
MOST_TIMES = 100  # how many times larger than in the zip anything honest gets

# By what they begin with; what a name says is not believed.
_KINDS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
)
_BOMB = _("The zip unpacks to more than scans and recordings do.")
_BROKEN = _("The zip cannot be read.")


def attach_all(batch: Import, files: Sequence[Any]) -> int:
    """Seal one zip, or scans and recordings that came one by one; returns how many. All or none. Raises BadInput."""
    if len(files) == 1 and zipfile.is_zipfile(files[0]):
        files[0].seek(0)
        return attach(batch, files[0], size=files[0].size or 0)
    for file in files:
        if (file.size or 0) > LARGEST:
            raise BadInput("zip.file_too_large", _("A file is larger than 25 MB."), status=413)
        if scanner.is_set():
            scanner.check(iter(partial(file.read, scanner.CHUNK), b""), pointer="evidence")
    with transaction.atomic():
        for file in files:
            file.seek(0)
            _seal(batch, file.name or "", file.read())
    return len(files)


def attach(batch: Import, file: IO[bytes], *, size: int) -> int:
    """Seal every file of a zip for the rows that name it; returns how many. All or none. Raises BadInput.

    A row names its file as it is called, whatever folder it lies in; of two with one name the first counts.
    """
    if size > LARGEST_ZIP:
        raise BadInput(
            "zip.too_large", _("The zip is larger than 500 MB: bring the list in parts."), status=413
        )
    try:
        directory.check(file)
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse_bombs(entries)
            _refuse_malware(archive, entries)
            with transaction.atomic():
                for entry in entries:
                    _keep(batch, archive, entry)
            return len(entries)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise BadInput("zip.malformed", _BROKEN) from error  # RuntimeError: it asks for a password


def _refuse_bombs(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST:
        raise BadInput("zip.too_many", _("The zip holds more than 20,000 files."), status=413)
    if sum(entry.file_size for entry in entries) > UNPACKED:
        raise BadInput("zip.bomb", _BOMB)
    for entry in entries:
        if entry.file_size > LARGEST:
            raise BadInput("zip.file_too_large", _("A file in the zip is larger than 25 MB."), status=413)
        if entry.file_size > MOST_TIMES * max(entry.compress_size, 1024):
            raise BadInput("zip.bomb", _BOMB)


def _refuse_malware(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    for entry in entries if scanner.is_set() else ():
        with archive.open(entry) as packed:
            scanner.check(iter(partial(packed.read, scanner.CHUNK), b""), pointer="evidence")


def _keep(batch: Import, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry) as packed:
        content = packed.read(entry.file_size + 1)  # zipfile itself gives no more than it said
    _seal(batch, entry.filename, content)


def _seal(batch: Import, filename: str, content: bytes) -> None:
    kind = media_type(content)
    if kind is None:
        message = _(
            "Scans and recordings are PDF, PNG, JPEG, TIFF, MP3, OGG, AMR and WAV files, or a zip of them."
        )
        raise BadInput("zip.file_type", message, status=415)
    name = claims.file_key(batch, filename)
    kept = ImportFile(batch=batch, name=name, media_type=kind)
    kept.sealed = vault.seal_system(item=claims.file_item(kept), plaintext=content)
    ImportFile.objects.bulk_create([kept], ignore_conflicts=True)


def media_type(content: bytes) -> str | None:
    """What a file is, by its first bytes; None for what is no scan and no recording."""
    if content.startswith(b"RIFF") and content[8:12] == b"WAVE":
        return "audio/wav"
    return next((kind for start, kind in _KINDS if content.startswith(start)), None)
