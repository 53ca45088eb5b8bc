"""Filled-in forms: what a browser sends for people nobody has met, each with a render token of its own."""

import itertools
import json
from collections.abc import Sequence
from urllib.parse import urlencode

from django.utils import timezone

from bench import load
from consent import catalogue, pinned, showing
from consent.capture.website import reading

LANGUAGE = "pt-BR"
PATH = "/c/aurora/novidades/"
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "Mozilla/5.0 (Linux; Android 14; Moto G54) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
    "Accept-Language": "pt-BR,pt;q=0.9,en;q=0.8",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
}

_numbers = itertools.count()


def next_number() -> str:
    """A mobile number in São Paulo that no form had before."""
    return f"+55119{60_000_000 + next(_numbers):08d}"


def fill_in(how_many: int, *, boxes: int, known: Sequence[str] = ()) -> load.Post:
    """Forms with the first boxes ticked, ready to be sent to the sample's capture point.

    They come from people nobody has met, and every other one from somebody `known` where there are any.
    """
    ask = catalogue.ask("aurora", "novidades")
    assert ask is not None
    version = ask.version
    assert version is not None
    shown = showing.show(ask, version, LANGUAGE)
    ticked = {reading.field_name(box): reading.TICKED for box in shown.statement.boxes[:boxes]}
    now = timezone.now()

    numbers = (known[at // 2 % len(known)] if known and at % 2 else next_number() for at in range(how_many))

    def form(number: str) -> bytes:
        token = pinned.pin(
            method="website",
            point=ask.point.pk,
            version=version.pk,
            language=LANGUAGE,
            digest=shown.digest,
            shown_at=now,
            host="",
        )
        fields = {reading.TOKEN: token, reading.TRAP: "", reading.PHONE: number, **ticked}
        return urlencode(fields).encode()

    return load.Post(PATH, HEADERS, [form(number) for number in numbers])


def as_json(how_many: int, *, boxes: int) -> load.Post:
    """The same people and boxes as the naive view takes them."""
    bodies = [json.dumps({"phone": next_number(), "boxes": boxes}).encode() for _ in range(how_many)]
    return load.Post("/capture", HEADERS | {"Content-Type": "application/json"}, bodies)
