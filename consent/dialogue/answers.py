"""What people write or press, acted upon: a stop, a yes or a no to an open question, or small talk."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import override

from consent import doubts, keywords, vault
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.dialogue import holding, payloads, questions, replies, settling, stopping
from consent.dialogue.heard import Heard
from consent.dialogue.payloads import Payload
from consent.dialogue.saying import SaidAt
from consent.keywords import Intent
from consent.models import Sender
from consent.vocabulary import Possession, State, django_code

# What a button says. A stop needs no question.
PRESSED = {"yes": Intent.CONFIRM, "no": Intent.DENY, "stop": Intent.STOP}


def answer(
    *, sender: Sender, contact: Contact, text: str, method: str, reference: str,
    evidence: Mapping[str, Any], payload: Payload | None = None, said_at: SaidAt | None = None,
) -> str:  # fmt: skip
    """Act on what somebody wrote to one of our senders; returns the reply, "" for silence.

    A stop is understood in every language at any time from anybody, and is durable when this returns. A yes
    or a no counts only as the answer to an open request that was sent from this sender; with the payload of a
    button, whatever its visible text, only to the request in it. A no on a button counts later too: it takes back
    what the person agreed to under that question. The same reference again changes nothing and
    gets the same reply. `said_at` is when they wrote it, where the provider tells.
    """
    heard = hearing.hear(
        sender=sender, contact=contact, method=method, reference=reference, evidence=evidence, text=text,
        said_at=said_at,
    )  # fmt: skip
    with override(django_code(heard.language)):
        intent = PRESSED[payload.answer] if payload else keywords.interpret(text)
        if intent is Intent.STOP:
            holding.end(heard.subject, sender)
            is_wrong = payload is None and keywords.is_wrong_number(text)
            return stopping.wrong_number(heard) if is_wrong else stopping.stop(heard)
        before = settling.recorded_before(heard)
        if before is not None:
            return _no(before.act, sender) if intent is Intent.DENY else replies.again(before, sender.company)
        requests = questions.open_requests(heard.subject, sender)
        if payload:
            return _pressed(payload, requests, heard) or _to_nothing_asked(intent, heard)
        code, meant, is_asked = keywords.code_in(text), intent, bool(requests)
        if code is not None:
            requests = [act for act in requests if vault.code(act) == code]
            meant = Intent.CONFIRM if keywords.confirms_with_code(text) else Intent.OTHER
        if requests and meant in ANSWERS:
            return _settle(requests, meant, heard)
        if intent is Intent.OTHER and doubts.may_be_a_stop(text):
            return holding.hold(heard, text)
        if is_asked:
            return replies.small_talk(intent, sender, is_asked=True)
        return _to_nothing_asked(intent, heard)


def answer_without_words(*, sender: Sender, contact: Contact) -> str:
    """The reply to what nobody can read an answer in, such as a voice note: how to answer the question that waits;
    "" where none does, for the company may talk about other things here.
    """
    subject = hearing.subject_of(sender, contact)
    is_asked = bool(questions.open_requests(subject, sender))
    with override(django_code(hearing.language_for(sender, contact))):
        return replies.small_talk(Intent.OTHER, sender, is_asked=is_asked)


ANSWERS = {Intent.CONFIRM: State.GIVEN, Intent.DENY: State.REFUSED}


def _pressed(payload: Payload, requests: Sequence[UUID], heard: Heard) -> str:
    """Act on a button: on its own question, and a no also where that was answered before."""
    intent = PRESSED[payload.answer]
    if said := _settle([act for act in requests if payloads.is_about(payload, act)], intent, heard):
        return said
    is_taken_back = intent is Intent.DENY and stopping.take_back(heard, payload.act)
    return _no(payload.act, heard.sender) if is_taken_back else ""


def _to_nothing_asked(intent: Intent, heard: Heard) -> str:
    """The reply where no question waits: to a yes that was said before, its receipt once more; to the no of somebody
    we know, how to stop.
    """
    company = heard.sender.company
    if intent is Intent.CONFIRM and (act := settling.standing_yes(heard)):
        return replies.to_state(State.GIVEN, act, company.name)
    if intent is Intent.DENY and heard.subject is not None:
        return replies.to_lone_no(company)
    return replies.small_talk(intent, heard.sender, is_asked=False)


def _no(act: UUID, sender: Sender) -> str:
    return replies.to_state(State.REFUSED, act, sender.company.name)


def _settle(requests: Sequence[UUID], intent: Intent, heard: Heard) -> str:
    state = ANSWERS[intent]
    recorded = settling.settle(requests, state, heard, possession=Possession.REPLY) if requests else None
    if recorded is not None:
        holding.end(recorded.subject, heard.sender)
    return replies.to_state(state, recorded.act, heard.sender.company.name) if recorded else ""
