"""What a script of Twilio's voice language has to be done next, read as Twilio reads it."""

from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from consent.sandbox.items import Line

# What Twilio does where an attribute is missing.
TIMEOUT = 5
FINISH = "#"
LANGUAGE = "en-US"


class Unreadable(Exception):
    """No TwiML: at Twilio the caller hears that an application error has occurred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Keys are waited for: where they go, and how many they are; `digits` 0 is as many as are pressed."""

    action: str
    digits: int
    timeout: int
    finish: str
    on_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is heard now, and then: keys are waited for, a script is fetched from `redirect`, or it is over."""

    lines: tuple[Line, ...]
    place: int  # where the script goes on
    gather: Gather | None = None
    redirect: str = ""


def step(script: str, *, place: int, url: str) -> Step:
    """Read a script on from `place` until something has to be done. `url` is where it came from.

    Raises Unreadable.
    """
    try:
        root = ElementTree.fromstring(script)  # noqa: S314  our own server wrote it
    except ElementTree.ParseError as error:
        raise Unreadable from error
    if root.tag != "Response":
        raise Unreadable
    heard: list[Line] = []
    for number, verb in enumerate(list(root)[place:], start=place + 1):
        heard += _heard(verb)
        if verb.tag == "Gather":
            return Step(lines=tuple(heard), place=number, gather=_gather(verb, url))
        if verb.tag == "Redirect":
            return Step(lines=tuple(heard), place=number, redirect=urljoin(url, (verb.text or "").strip()))
        if verb.tag in {"Hangup", "Reject"}:
            break
    return Step(lines=tuple(heard), place=len(root))


def _heard(verb: Element) -> list[Line]:
    if verb.tag == "Say":
        text = " ".join("".join(verb.itertext()).split())
        times = 1 if verb.get("loop") is None else max(1, min(_number(verb.get("loop"), 1), 3))
        return [Line(who="voice", text=text, language=verb.get("language", LANGUAGE))] * times
    if verb.tag == "Play":
        return [Line(who="note", text=f"♪ {(verb.text or '').strip()}")]
    if verb.tag == "Gather":
        return [line for nested in verb for line in _heard(nested)]
    return []


def _gather(verb: Element, url: str) -> Gather:
    return Gather(
        action=urljoin(url, verb.get("action", "")),
        digits=_number(verb.get("numDigits"), 0),
        timeout=_number(verb.get("timeout"), TIMEOUT),
        finish=verb.get("finishOnKey", FINISH),
        on_empty=verb.get("actionOnEmptyResult", "false").lower() == "true",
    )


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise
