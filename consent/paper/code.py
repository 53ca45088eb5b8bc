"""What the code on a sheet carries: which capture point, notice version, language and serial, and its boxes in order.

It is short, holds nothing personal, and ends in a seal made with a key of ours: a stranger cannot make up a serial.
The boxes stand in it because those of the capture point may change between printing and scanning.
"""

import hmac
import secrets
from base64 import b32decode, b32encode
from collections.abc import Callable
from dataclasses import dataclass

PREFIX = "OPT1."  # the digit is the form of what follows
SEAL_BYTES = 8
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none is taken for another
LANGUAGES = ("en", "es", "pt-BR")
CHANNELS = ("whatsapp", "sms", "voice")
PAPERS = ("a4", "letter")
LONGEST = 200  # characters; a longer text is no code of ours

type Seal = Callable[[bytes], bytes]


class NotOurs(ValueError):
    """A text that is no code of a sheet."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet with its yes and its no: a purpose, by its key in the database, on a channel."""

    purpose: int
    channel: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One printed sheet: `point` and `version` are keys in the database; a blank sheet has no rows."""

    serial: str
    point: int
    version: int
    language: str
    paper: str
    rows: tuple[Row, ...]


def new_serial() -> str:
    """50 random bits as ten letters: nobody guesses one, and no list of them is needed to print."""
    return "".join(secrets.choice(LETTERS) for _ in range(10))


def write(sheet: Sheet, seal: Seal) -> str:
    """The text of the code, in letters that a QR code packs tightly. `seal` makes at least SEAL_BYTES bytes."""
    body = _body(sheet)
    return PREFIX + b32encode(body + seal(body)[:SEAL_BYTES]).decode().rstrip("=")


def read(text: str) -> Sheet:
    """What a code says, whoever wrote it: `is_sealed` tells whether we did. Raises NotOurs."""
    body, _seal = _parts(text)
    try:
        return _sheet(body)
    except (IndexError, ValueError) as error:
        raise NotOurs("This text is not the code of a sheet.") from error


def is_sealed(text: str, seal: Seal) -> bool:
    """Whether the code was written with this seal."""
    try:
        body, found = _parts(text)
    except NotOurs:
        return False
    return hmac.compare_digest(seal(body)[:SEAL_BYTES], found)


def _parts(text: str) -> tuple[bytes, bytes]:
    packed = text.removeprefix(PREFIX)
    if packed == text or len(text) > LONGEST:
        raise NotOurs("This text is not the code of a sheet.")
    try:
        raw = b32decode(packed + "=" * (-len(packed) % 8))
    except ValueError as error:
        raise NotOurs("This text is not the code of a sheet.") from error
    return raw[:-SEAL_BYTES], raw[-SEAL_BYTES:]


def _body(sheet: Sheet) -> bytes:
    serial = 0
    for letter in sheet.serial:
        serial = serial * 32 + LETTERS.index(letter)
    head = LANGUAGES.index(sheet.language) * len(PAPERS) + PAPERS.index(sheet.paper)
    rows = [_number(row.purpose * len(CHANNELS) + CHANNELS.index(row.channel)) for row in sheet.rows]
    return b"".join([bytes([head]), serial.to_bytes(7), _number(sheet.point), _number(sheet.version), *rows])


def _sheet(body: bytes) -> Sheet:
    language, paper = divmod(body[0], len(PAPERS))
    serial = int.from_bytes(body[1:8])
    letters = "".join(LETTERS[serial >> shift & 31] for shift in range(45, -1, -5))
    point, version, *rows = _numbers(body[8:])
    return Sheet(
        serial=letters,
        point=point,
        version=version,
        language=LANGUAGES[language],
        paper=PAPERS[paper],
        rows=tuple(Row(row // len(CHANNELS), CHANNELS[row % len(CHANNELS)]) for row in rows),
    )


def _number(value: int) -> bytes:
    """A whole number in groups of seven bits, the last one first (LEB128)."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _numbers(raw: bytes) -> list[int]:
    numbers, value, shift = [], 0, 0
    for byte in raw:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value, shift = 0, 0
    if shift or len(numbers) < 2 or max(numbers) >= 2**63:
        raise ValueError("A number in the code is cut off.")
    return numbers
