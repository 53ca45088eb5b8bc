"""What somebody said in a chat, whoever delivered it, and what we answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent import dialogue, keywords
from consent.contact import Contact
from consent.dialogue import Invitation, Payload, SaidAt
from consent.models import Sender
from consent.recording import Telling

SLUG = "whatsapp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing somebody said to one of our senders.

    `texts` are its words, or what stood on what was tapped. Only what `is_typed` may be a yes or a no: a button
    with a payload that is not ours answers somebody else's question, and a caption is about its picture. A stop
    counts wherever it stands. What `is_wordless` is sent to us and holds no words to answer with: a picture, a voice
    note, a place.
    """

    sender: Sender
    contact: Contact
    texts: tuple[str, ...]
    is_typed: bool
    is_wordless: bool
    pressed: Payload | None
    reference: str
    said_at: SaidAt | None
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What we answer: a text, or a question that was queued with its record and needs no other words.

    One that `is_kept` is in the outbox already, with the record of the question that it asks.
    """

    text: str = ""
    is_kept: bool = False


def answer(said: Said) -> Reply | None:
    """Act on what was said; None where it says nothing about consent."""
    heard: dict[str, Any] = {
        "sender": said.sender,
        "contact": said.contact,
        "method": SLUG,
        "reference": said.reference,
        "evidence": said.evidence,
        "said_at": said.said_at,
    }
    text = _text(said)
    if text is None:
        told = said.is_wordless and dialogue.answer_without_words(sender=said.sender, contact=said.contact)
        return Reply(told) if told else None
    ask = dialogue.asked_by(said.sender, text) if said.pressed is None else None
    if ask is None:
        return Reply(dialogue.answer(text=text, payload=said.pressed, **heard))
    queued: list[Telling] = []

    def tell(invitation: Invitation) -> list[Telling]:
        telling = dialogue.tappable(ask, invitation, sender=said.sender)
        queued.extend([telling] if telling else [])
        return queued

    language = dialogue.wanted_language(said.sender, said.contact, text=text)
    invitation = dialogue.invite(ask, language=language, tell=tell, **heard)
    return Reply(invitation.text if invitation.is_sent and not queued else "", is_kept=True)


def _text(said: Said) -> str | None:
    """The words to act on; None where there are none."""
    for text in said.texts:
        if keywords.interpret(text) is keywords.Intent.STOP:
            return text
    return said.texts[0] if said.texts and (said.is_typed or said.pressed) else None
