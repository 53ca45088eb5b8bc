"""A Typst template and what it is to say become a PDF: accessible, and the same bytes every time.

PDF/UA-1 and PDF/A-2a together where every letter can be drawn with the fonts inside; a name in another script makes
a plain tagged PDF, because a document that is less perfect is better than none.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

STANDARDS = ["a-2a", "ua-1"]


def pdf(template: Path, content: Mapping[str, Any], *, written_at: datetime) -> bytes:
    """The document; `written_at` is when it is said to be written."""
    said, moment = json.dumps(content), int(written_at.timestamp())
    try:
        return _compile(template, said, moment, STANDARDS)
    except typst.TypstError:
        return _compile(template, said, moment, [])


def _compile(template: Path, content: str, written_at: int, standards: list[Any]) -> bytes:
    made: bytes = typst.compile(
        _read(template),
        format="pdf",
        sys_inputs={"content": content},
        font_paths=_fonts(),
        ignore_system_fonts=True,
        timestamp=written_at,
        pdf_standards=standards,
    )
    return made


@cache
def _read(template: Path) -> bytes:
    return template.read_bytes()


@cache
def _fonts() -> Any:
    """Those inside Typst, read once: they take longer than a page."""
    return typst.Fonts(include_system_fonts=False)
