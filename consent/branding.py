"""How a company's pages look: its colour made readable, and its logo."""

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache

from consent.models import Company

WHITE = (255, 255, 255)
BLACK = (0, 0, 0)
NIGHT = (29, 34, 38)  # the sheet of the dark scheme
READABLE = 4.6  # WCAG 2.2 SC 1.4.3 asks for 4.5 to 1
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
OURS = "#0b5d4e"
PICTURES = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}

type Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Brand:
    """Colours as CSS writes them: the own one, what is written on it, and it as text by day and by night."""

    color: str
    ink: str
    day: str
    night: str
    logo: str


def brand(company: Company) -> Brand:
    """How the pages of a company look. `logo` is a data URI, or "" where there is none we know."""
    return _brand(company.color, bytes(company.logo))


@lru_cache(maxsize=256)
def _brand(color: str, logo: bytes) -> Brand:
    own = _read(color)
    ink = WHITE if contrast(own, WHITE) >= contrast(own, BLACK) else BLACK
    return Brand(
        color=_write(own),
        ink=_write(ink),
        day=_write(_toward(BLACK, own, against=WHITE)),
        night=_write(_toward(WHITE, own, against=NIGHT)),
        logo=_data_uri(logo),
    )


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _toward(end: Color, color: Color, *, against: Color) -> Color:
    """The nearest mix of a colour with black or white that can be read against a background."""
    mixes = (_mixed(color, end, step / 20) for step in range(21))
    return next(mix for mix in mixes if contrast(mix, against) >= READABLE)


def _mixed(color: Color, end: Color, share: float) -> Color:
    red, green, blue = (round(part + (last - part) * share) for part, last in zip(color, end, strict=True))
    return (red, green, blue)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _read(color: str) -> Color:
    if not COLOR.fullmatch(
        color
    ):  # staff's forms check it; a row written past them must not break every page
        color = OURS
    return (int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16))


def _write(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _data_uri(logo: bytes) -> str:
    for start, media_type in PICTURES.items():
        if logo.startswith(start):
            return f"data:{media_type};base64,{b64encode(logo).decode()}"
    return ""
