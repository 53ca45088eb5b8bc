"""What a person is told of a change, once, on the channel it concerns."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import inbound, receipts, vault
from consent.models import OutboundMessage, Sender
from consent.preferences.people import Person
from consent.recording import Tell, Telling, tell_nobody
from consent.vocabulary import Channel, django_code

WINDOW = timedelta(hours=24)  # WhatsApp: free text goes only to whoever wrote within it


def of_stop(person: Person, what: str, channels: Collection[str], *, language: str) -> Tell:
    """The confirmation of a stop: what ended, and the way back; to nobody who had nothing to stop."""
    if not channels:
        return tell_nobody

    def text(act: UUID) -> str:
        return stop_text(person, what, receipts.own_address(act))

    return _by(sender_for(person, channels), text, language)


def stop_text(person: Person, what: str, link: str) -> str:
    """What is said once to whoever stopped, in the language now active; nothing that sells."""
    return _("%(company)s: done. You get no more of: %(what)s. Your receipt: %(link)s") % {
        "company": person.company.name, "what": what, "link": link,
    }  # fmt: skip


def of_yes(person: Person, what: str, channels: Collection[str], *, language: str) -> Tell:
    """The confirmation of a yes, with its receipt and how to stop."""

    def text(act: UUID) -> str:
        return _("%(company)s: you said yes to %(what)s. Receipt: %(link)s To stop, reply STOP.") % {
            "company": person.company.name, "what": what, "link": receipts.own_address(act),
        }  # fmt: skip

    return _by(sender_for(person, channels), text, language)


def sender_for(person: Person, channels: Collection[str] = ()) -> Sender | None:
    """Which of the company's numbers can tell the person something now; None for none.

    WhatsApp where the change is about it and anything may be said there, else SMS.
    """
    contact = person.contact
    if contact is None:
        return None
    senders = list(person.company.senders.filter(is_paused=False).order_by("pk"))
    since = timezone.now() - WINDOW
    chats = [
        sender
        for sender in senders
        if sender.channel == Channel.WHATSAPP
        and inbound.wrote_since(sender, vault.number_key(contact), since)
    ]
    texts = [sender for sender in senders if sender.channel == Channel.SMS and person.number]
    fitting = [*chats, *texts] if Channel.WHATSAPP in channels else [*texts, *chats]
    return fitting[0] if fitting else None


def _by(sender: Sender | None, text: Callable[[UUID], str], language: str) -> Tell:
    if sender is None:
        return tell_nobody

    def tell(act: UUID) -> Iterable[Telling]:
        with override(django_code(language)):
            said = text(act)
        return [Telling(kind=OutboundMessage.Kind.RECEIPT, sender=sender, text=said)]

    return tell
