"""How each capture method is tried: one module for each, named like the method, with a function `trial`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Trial:
    """Ana, right before she says yes.

    `say_yes` makes the request that says it, the very same one each time; `forge` makes it as somebody would who
    may not. `seen` is what she saw or heard before.
    """

    say_yes: Callable[[], Any]
    forge: Callable[[], Any]
    seen: str
