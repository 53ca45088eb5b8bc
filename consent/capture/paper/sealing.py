"""The seal of a sheet's code, which only this installation can make."""

from consent import vault
from consent.paper import code
from consent.paper.code import Sheet


def written(sheet: Sheet) -> str:
    """The text of the sheet's code."""
    return code.write(sheet, _seal)


def is_ours(text: str) -> bool:
    """Whether this installation wrote the code."""
    return code.is_sealed(text, _seal)


def _seal(body: bytes) -> bytes:
    return vault.digest("sheet", body.hex())
