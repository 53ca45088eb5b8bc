"""What was read from one page: values, pictures of every field, or the reason why a person must look."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from consent.paper.code import Sheet


class Reason(StrEnum):
    """Why a file or a page could not be read; consent.capture.paper.reading.explained() says it in words."""

    # of a whole file
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    ENCRYPTED = "encrypted"
    TOO_MANY_PAGES = "too_many_pages"
    # of a file or of a page
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_SLOW = "too_slow"
    CRASHED = "crashed"
    # of a page that is a good picture
    BLANK = "blank"
    NO_CODE = "no_code"
    FORGED_CODE = "forged_code"
    NO_CORNERS = "no_corners"
    TOO_BLURRED = "too_blurred"


class Mark(StrEnum):
    """What a box shows."""

    TICKED = "ticked"
    EMPTY = "empty"
    UNSURE = "unsure"


class Presence(StrEnum):
    """Whether something was written in a field."""

    PRESENT = "present"
    ABSENT = "absent"
    UNSURE = "unsure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One box: `row` counts from 0, `is_yes` tells the yes from the no; `confidence` from 0 to 1 in `mark`."""

    row: int
    purpose: int
    channel: str
    is_yes: bool
    mark: Mark
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class PageReading:
    """One sheet in a page, or the page as a whole where none was found.

    `page` counts from 0 in the file, `part` among the sheets in one picture. `code` is the text of the sheet's code,
    `sheet` what it says; None where no code of ours was read. `reason` says why a person must look at the page itself;
    the boxes are then empty. `digits` are suggestions for the number, mostly none. `crops` are JPEG by the name of the
    field: "number", "name", "date", "signature", "row-0", "row-1" and so on. `picture` is the page upright, as a fresh
    JPEG without any metadata; empty where the page could not even be decoded. `fingerprint` is the same for the same
    picture, whatever its file says about itself.
    """

    page: int
    part: int = 0
    reason: Reason | None = None
    code: str = ""
    sheet: Sheet | None = None
    boxes: tuple[Box, ...] = ()
    signature: Presence = Presence.UNSURE
    digits: str = ""
    crops: Mapping[str, bytes]
    picture: bytes
    fingerprint: str
