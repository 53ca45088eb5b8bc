"""Decisions for many people: a list in one answer, or a stream of any length in constant memory."""

import json
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from itertools import islice, repeat
from typing import Any

from django.utils import timezone

from consent import decision
from consent.api import answers, breaker, questions, strict_json
from consent.api.keys import Holder
from consent.api.questions import Topic
from consent.canonical import moment
from consent.contact import Contact
from consent.decision import WORDS, Decision
from consent.errors import BadInput

AT_ONCE = 2_000  # lines of a stream that are decided together
LONGEST_LINE = 1_000  # bytes
PIECE = 64 * 1024  # bytes read at once

_WHY = {reason: json.dumps({"reason": reason, "words": words})[1:-1] for reason, words in WORDS.items()}


def of_list(contacts: Sequence[Any], topic: Topic, holder: Holder) -> answers.Answer:
    """One decision for each contact, in their order, all of one snapshot."""
    _refuse_permit(topic)
    read = [_read(one) for one in contacts]
    decided = _decide(read, topic, holder)
    breaker.check(_strangers(read, decided), holder)
    lines = ", ".join([told(one) for one in decided])
    return answers.Answer(HTTPStatus.OK, answers.JSON, f'{{"decisions": [{lines}]}}'.encode())


def of_stream(read: Callable[[int], bytes], holder: Holder) -> answers.Stream:
    """A line with the topic, then a contact a line: a decision a line comes back, in their order.

    Raises BadInput for a first line that is no topic. Later lines that are no contact are answered with a no.
    """
    lines = _lines(read)
    topic = questions.read_topic(strict_json.read_object(next(lines, b"")), now=timezone.now())
    _refuse_permit(topic)
    return answers.Stream(_stream(lines, topic, holder))


def _refuse_permit(topic: Topic) -> None:
    if topic.wants_permit:
        raise BadInput("permit.many", "A permit is for one contact: ask about each.", pointer="permit")


def _stream(lines: Iterator[bytes], topic: Topic, holder: Holder) -> Iterator[bytes]:
    while portion := [_read(_contact_in(line)) for line in islice(lines, AT_ONCE)]:
        decided = _decide(portion, topic, holder)
        breaker.note(_strangers(portion, decided), holder)  # a whole audience may be asked about, not unseen
        yield "".join([f"{told(one)}\n" for one in decided]).encode()


def _lines(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of a body, read piece by piece, each in its place: one that is too long comes as a blank one, and
    blank ones count, because callers lay answers beside lines; only those at the end are left out.
    """
    rest, blank, is_over = b"", 0, False
    while not is_over:
        piece = read(PIECE)
        is_over = not piece
        *whole, rest = (rest + (piece or b"\n")).split(b"\n")
        rest = rest[: LONGEST_LINE + 1]
        for line in whole:
            is_short = len(line) <= LONGEST_LINE
            if is_short and not line.strip():
                blank += 1
                continue
            yield from repeat(b"", blank)
            blank = 0
            yield line.strip() if is_short else b""


def _contact_in(line: bytes) -> object:
    """What a line says: a JSON string, or an object with a contact; None where it is neither."""
    try:
        value = strict_json.read_value(line)
    except BadInput:
        return None
    return value.get("contact") if isinstance(value, dict) and len(value) == 1 else value


def _decide(contacts: Sequence[Contact | None], topic: Topic, holder: Holder) -> list[Decision]:
    """A decision for each; one that is no contact is denied as malformed, and harms no other."""
    return decision.may_send_to_each(contacts, company=holder.company, **topic.keywords)


def _strangers(contacts: Sequence[Contact | None], decided: Sequence[Decision]) -> list[Contact]:
    return [
        contact
        for contact, one in zip(contacts, decided, strict=True)
        if one.is_stranger and contact is not None
    ]


def _read(one: object) -> Contact | None:
    try:
        return questions.read_contact(one)
    except BadInput:
        return None


def told(decided: Decision, **more: Any) -> str:
    """A decision as programs read it, and `more` after it: what `json.dumps` writes, in a third of its time."""
    record = f'"{decided.record}"' if decided.record else "null"
    window = f'"{moment(decided.window_until)}"' if decided.window_until else "null"
    log_size = "null" if decided.log_size is None else decided.log_size
    rest = "".join([f", {json.dumps(name)}: {json.dumps(value)}" for name, value in more.items()])
    return (
        f'{{"allow": {"true" if decided.allow else "false"}, {_WHY[decided.reason]}, "at": "{moment(decided.at)}",'
        f' "valid_until": "{moment(decided.valid_until)}", "record": {record}, "window_until": {window},'
        f' "log_size": {log_size}{rest}}}'
    )
