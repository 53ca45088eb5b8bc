"""The menu of a call: which key means what, how often it is asked, and how it ends."""

from collections.abc import Sequence

from consent import dialogue, telling
from consent.capture.ivr import METHOD, calling_back, incoming, spoken
from consent.capture.ivr.step import AGAIN, NO, STOP, YES, Matter, Step, Turn
from consent.models import Call
from consent.providers.twilio_voice import Line

Stage = Call.Stage

MOST_PROMPTS = 3
MOST_STEPS = 15  # nobody needs as many; a machine that presses keys for ever would
LISTENS = 6  # seconds for an answer
LISTENS_FOR_MISTAKE = 3  # seconds after a yes was read back


def take(step: Step) -> Turn:
    """Act on a key and say what follows. The caller saves the call.

    0 stops everything wherever the call stands. A step that is not the one waited for starts the question anew:
    what was asked is known here and nowhere else.
    """
    call = step.call
    if step.key == STOP:
        return _stop(step)
    if call.stage == Stage.OVER:
        return Turn()
    if step.number != call.step or call.stage == Stage.NEW:
        return _ask(step)
    if call.stage == Stage.READ_BACK:
        return _after_read_back(step)
    return _answer(step)


def _answer(step: Step) -> Turn:
    call, matter = step.call, _matter(step)
    if step.key == YES and matter.knows_key(step):
        return _yes(step)
    if step.key == NO and matter.knows_key(step):
        if not matter.no(step):
            return _ask(step)
        return _over(call, [spoken.refused(step.sender.company, call.language)])
    if step.key == AGAIN:
        call.prompts = 0
        return _ask(step)
    if step.key in spoken.LANGUAGES and step.message is None:
        call.prompts, call.language = 0, spoken.LANGUAGES[step.key][0]
        return _ask(step)
    return _ask(step, because=[spoken.not_understood(call.language)] if step.key else [])


def _ask(step: Step, *, because: Sequence[Line] = ()) -> Turn:
    """Ask, from the first word; after three times without an answer say goodbye, and record nothing."""
    call = step.call
    if call.prompts >= MOST_PROMPTS or call.step >= MOST_STEPS:
        return _over(call, [spoken.gave_up(_language(step))])
    lines = _matter(step).question(step)
    if not lines:
        return _over(call, [spoken.nothing_waits(step.sender.company, _language(step))])
    call.stage, call.asked_at, call.digest = Stage.ASKED, step.at, spoken.digest(lines)
    call.prompts += 1
    call.step += 1
    return Turn((*because, *lines), LISTENS)


def _yes(step: Step) -> Turn:
    is_yes = _matter(step).yes(step)
    if is_yes is None:
        return _ask(step)
    if not is_yes:
        return _over(step.call, [spoken.cannot_confirm(step.call.language)])
    step.call.stage, step.call.pressed_at = Stage.READ_BACK, step.at
    return _read_back(step)


def _read_back(step: Step) -> Turn:
    """Read a yes back. It counts when that was heard to its end, and never before."""
    step.call.step += 1
    lines = _matter(step).read_back(step)
    return Turn((*lines, spoken.way_out(step.call.language)), LISTENS_FOR_MISTAKE)


def _after_read_back(step: Step) -> Turn:
    call, matter = step.call, _matter(step)
    if step.key in {"", YES}:
        return _over(call, matter.finish(step))
    if step.key == NO:
        matter.take_back(step)
        return _over(call, [spoken.refused(step.sender.company, call.language)])
    if call.step >= MOST_STEPS:
        return _over(call, [spoken.goodbye(call.language)])
    return _read_back(step)


def _stop(step: Step) -> Turn:
    """Let go of everything, on every channel; in force before the voice says so, or a message where nobody listens."""
    call = step.call
    language = _language(step)
    dialogue.stop_all(
        sender=step.sender, contact=step.contact, method=METHOD.slug, reference=step.reference,
        evidence=step.evidence(), language=language,
        tell=telling.of_stop_for(step.contact, step.sender.company) if step.is_late else None,
    )  # fmt: skip
    return _over(call, [spoken.stopped(step.sender.company, language)])


def _matter(step: Step) -> Matter:
    return calling_back if step.message else incoming


def _language(step: Step) -> str:
    return step.call.language or dialogue.language_for(step.sender, step.contact)


def _over(call: Call, lines: Sequence[Line]) -> Turn:
    call.stage = Stage.OVER
    return Turn(tuple(lines))
