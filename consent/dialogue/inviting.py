"""Asking whoever opened a conversation from their own number, by a keyword or a link, about a capture point."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import catalogue, keywords, outbox, providers, recording
from consent.catalogue import Ask
from consent.contact import Contact
from consent.dialogue import heard as hearing
from consent.dialogue import payloads, replies, saying, tapping
from consent.dialogue.payloads import Payload
from consent.dialogue.saying import SaidAt
from consent.dialogue.tapping import Question
from consent.models import ConsentRecord, MessageTemplate, OutboundMessage, Sender
from consent.recording import ConsentEvent, Recorded, Telling
from consent.shown import count
from consent.vocabulary import Channel, Possession, State, django_code
from consent.wording import Statement, statement


@dataclass(frozen=True, slots=True)
class Invitation:
    """A question about a capture point: its act, the words to send, and the notice they are of.

    Not `is_sent` where the words must not leave with the answer to a webhook: they are queued.
    """

    act: UUID
    text: str
    notice: str
    language: str
    is_sent: bool = True

    def payload(self, answer: str) -> str:
        """What to put behind a button that says "yes", "no" or "stop" to it."""
        return payloads.write(Payload(self.act, self.notice, answer))


def asked_by(sender: Sender, text: str) -> Ask | None:
    """The open capture point whose keyword somebody wrote to a sender, with the name of a language behind it or
    without; None for any other message.
    """
    keyword, _language = keywords.with_language(text)
    if not keyword or keywords.interpret(text) is not keywords.Intent.OTHER:
        return None
    ask = catalogue.ask_for(sender, keyword)
    return ask if ask and ask.is_open else None


def wanted_language(sender: Sender, contact: Contact, *, text: str) -> str:
    """The language to ask in whoever wrote a keyword: the one they named, else the one to answer them in."""
    _keyword, named = keywords.with_language(text)
    return named or hearing.language_for(sender, contact)


def invite(
    ask: Ask, *, sender: Sender, contact: Contact, language: str, method: str, reference: str,
    evidence: Mapping[str, Any], wording: str = "message",
    tell: Callable[[Invitation], Iterable[Telling]] | None = None, said_at: SaidAt | None = None,
) -> Invitation:  # fmt: skip
    """Record that everything on offer was asked of somebody who wrote to us; returns the words to send.

    The evidence gets the exact words, their digest and the notice version. The words leave with the answer to
    the webhook, or else by what `tell` queues: messages of the kind INVITE from `sender`. The same reference
    again changes nothing and returns the same words. Nobody has agreed yet; the answer comes by `answer`.
    """
    version = ask.version
    if version is None:
        raise ValueError("Nobody is asked before the notice is published.")
    language = ask.language(language)
    shown = statement(ask, version, language, wording=wording)
    text = words(shown) if wording == "message" else shown.text
    said_at = said_at or saying.now()
    # On a call the words are spoken in it, whatever else may leave.
    is_sent = sender.channel == Channel.VOICE or outbox.has_room(sender)
    whole = {
        **evidence,
        **said_at.evidence(),
        **shown.evidence(version),
        "shown": text,
        "wording": wording,
    }

    def invitation(act: UUID) -> Invitation:
        return Invitation(act, text, version.digest, language, is_sent)

    def tellings(act: UUID) -> Iterable[Telling]:
        # What has nothing to tap leaves with the answer to the webhook, or as soon as it may.
        with_answer = Telling(kind=OutboundMessage.Kind.INVITE, sender=sender, text=text, is_sent=is_sent)
        return (tell(invitation(act)) if tell else ()) or [with_answer]

    recorded = recording.record(
        *(
            ConsentEvent(
                company=ask.company, contact=contact, purpose=offer.purpose, channel=offer.channel,
                state=State.REQUESTED, notice=version, language=language,
                event_time=said_at.at, clock=said_at.clock, method=method, reference=f"{method}:{reference}",
                evidence=whole, possession=Possession.INBOUND, point=ask.point,
            )
            for offer in ask.offers
        ),
        tell=tellings,
    )  # fmt: skip
    if not recorded.is_new:
        return _again(recorded)
    if is_sent:
        outbox.charge(recorded.act, sender)
    count(ask, version, language=language, method=method, day=said_at.at.date())
    return invitation(recorded.act)


def tappable(ask: Ask, invitation: Invitation, *, sender: Sender) -> Telling | None:
    """An invitation with something to tap under it, to be queued; None where it is answered in words.

    Under what goes by Twilio there are buttons only where staff named a content of theirs that has them.
    """
    question = Question(ask, sender, invitation.act, invitation.notice, invitation.language)
    if providers.is_at_meta(sender):
        return tapping.under(invitation.text, question, kind=OutboundMessage.Kind.INVITE)
    return tapping.approved(question, {"text": invitation.text}, kind=MessageTemplate.Kind.INVITE)


def _again(recorded: Recorded) -> Invitation:
    """An invitation as it was recorded before, word for word."""
    first = ConsentRecord.objects.select_related("notice").get(uid=recorded.records[0])
    assert first.notice is not None, "nothing is requested without a notice"
    queued = OutboundMessage.objects.filter(act=recorded.act, state=OutboundMessage.State.QUEUED)
    is_sent = not queued.exists()
    return Invitation(
        recorded.act, replies.invitation(recorded.act), first.notice.digest, first.language, is_sent
    )


def words(shown: Statement) -> str:
    """The statement, which says how to stop, its boxes as lines, and how to answer."""
    with override(django_code(shown.language)):
        lines = [f"- {box.label}. {box.hint}".rstrip() for box in shown.boxes]
        ending = _("Reply JOIN to accept or NO to refuse.")
        return "\n\n".join([shown.text, "\n".join(lines), ending])
