"""A call to us: what is asked, and what a key means. A caller's number can be forged, so a yes is not enough."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from consent import catalogue, dialogue, recording
from consent.capture.ivr import METHOD, spoken
from consent.capture.ivr.step import Step
from consent.catalogue import Ask
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Call
from consent.providers.twilio_voice import Line
from consent.recording import ConsentEvent, Recorded, Telling
from consent.shown import count
from consent.vocabulary import Confirmation, Possession, State
from consent.wording import Statement

# A caller has no page to type a code on, and nobody's number counts as proved for having called.
WAYS = {Confirmation.CODE: Confirmation.LINK, Confirmation.NONE: Confirmation.REPLY}


def question(step: Step) -> list[Line]:
    """Choose what is asked, in the person's language, and write down which words these are."""
    call = step.call
    ask = catalogue.ask_by_call(step.sender)
    wanted = call.language or dialogue.language_for(step.sender, step.contact)
    if ask is None or not ask.is_open or ask.version is None:
        call.point = call.version = None
        call.language = wanted
        return [spoken.closed(step.sender.company, wanted)]
    call.point, call.version, call.language = ask.point, ask.version, ask.language(wanted)
    if call.prompts == 0:
        count(ask, ask.version, language=call.language, method=METHOD.slug, day=step.at.date())
    return lines(ask, call.language)


def knows_key(step: Step) -> bool:
    """Whether there is anything to say yes or no to."""
    return step.call.point is not None


def yes(step: Step) -> bool | None:
    """Record that it was asked for, and ask the number itself; None where the words are not said any more, False
    where the number cannot be asked.

    A grant comes only from the number: by a reply, a link or our own call to it.
    """
    ask = _asked(step.call)
    if ask is None:
        return None
    try:
        Contact.tel(step.contact.value, allowed=ask.company.countries)
    except BadInput:
        return False
    language = step.call.language
    shown = spoken.statement(ask, language)

    def tell(act: UUID) -> Iterable[Telling]:
        return [dialogue.asking(ask, shown.boxes, language, act, by=_way(ask))]

    step.call.act = _record(step, ask, shown, State.REQUESTED, tell=tell).act
    return True


def read_back(step: Step) -> list[Line]:
    """What was agreed to, and how it is confirmed."""
    ask, language = catalogue.ask_by_call(step.sender), step.call.language
    assert ask is not None, "it was asked"
    labels = [box.label for box in spoken.statement(ask, language).boxes]
    return [
        spoken.pressed_yes(ask.company, labels, language),
        spoken.confirm_by(_way(ask), ask.sender, language),
    ]


def finish(step: Step) -> list[Line]:
    """Nothing is recorded: the confirmation is on its way."""
    return [spoken.goodbye(step.call.language)]


def no(step: Step) -> bool:
    """Record a refusal; False where the words that were spoken are not said any more."""
    ask = _asked(step.call)
    if ask is None:
        return False
    _record(step, ask, spoken.statement(ask, step.call.language), State.REFUSED)
    return True


def take_back(step: Step) -> None:
    """Record that the yes was a mistake."""
    assert step.call.act is not None, "a yes was read back"
    dialogue.refuse(
        step.call.act, possession=Possession.INBOUND, method=METHOD.slug, reference=step.reference,
        evidence=step.evidence(),
    )  # fmt: skip


def _way(ask: Ask) -> str:
    return WAYS.get(Confirmation(ask.point.confirmation), ask.point.confirmation)


def _record(step: Step, ask: Ask, shown: Statement, state: State, **more: Any) -> Recorded:
    assert ask.version is not None, "nobody is asked before the notice is published"
    evidence = {
        **step.evidence(),
        **shown.evidence(ask.version),
        "shown": "\n\n".join(text for _language, text in lines(ask, shown.language)),
        "wording": "spoken",
    }
    return recording.record(
        *(
            ConsentEvent(
                company=ask.company, contact=step.contact, purpose=offer.purpose, channel=offer.channel,
                state=state, notice=ask.version, language=shown.language, event_time=step.at,
                method=METHOD.slug, reference=f"{METHOD.slug}:{step.reference}", evidence=evidence,
                point=ask.point,
            )
            for offer in ask.offers
        ),
        **more,
    )  # fmt: skip


def _asked(call: Call) -> Ask | None:
    """The question as it was spoken; None where the company or a box was renamed, or it was closed, since."""
    now = catalogue.ask_by_call(call.sender)
    if now is None or not now.is_open or call.version is None or now.point.pk != call.point_id:
        return None
    ask = replace(now, version=call.version)
    return ask if spoken.digest(lines(ask, call.language)) == call.digest else None


def lines(ask: Ask, language: str) -> list[Line]:
    """What a caller hears first: how to change the language, then the statement."""
    statement = spoken.statement(ask, language)
    said = [(language, paragraph) for paragraph in statement.paragraphs]
    return [*spoken.other_languages(ask.languages, language), *said]
