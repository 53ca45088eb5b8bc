"""What a person is told of a change, once, on the channel it concerns."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import history, inbound, people, receipts, vault, wording
from consent.contact import Contact
from consent.models import Company, OutboundMessage, Purpose, Sender
from consent.people import Person
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


def of_stop_for(
    contact: Contact, company: Company, *, channels: Collection[str] = tuple(Channel.values),
    purpose: Purpose | None = None,
) -> Tell:  # fmt: skip
    """The confirmation of a stop that somebody else brings, in its person's language; to nobody who had nothing on."""
    person = next((one for one in people.with_number(contact) if one.company == company), None)
    if person is None or not _can_be_opened(person):
        return tell_nobody
    standings = history.standings(person.subject, at=timezone.now())
    on = dict.fromkeys(
        channel
        for (channel, key), standing in standings.items()
        if channel in channels and standing.is_given and (purpose is None or key == purpose.pk)
    )
    language = people.language_of(person)
    with override(django_code(language)):
        if purpose is not None:
            what = "; ".join(wording.label(purpose, channel, language) for channel in on)
        elif set(channels) == set(Channel.values):
            what = _("everything")
        else:
            what = "; ".join(_("everything by %(channel)s") % {"channel": Channel(one).label} for one in on)
    return of_stop(person, what, list(on), language=language)


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


def _can_be_opened(person: Person) -> bool:
    """Whether its contact is whole: damage in the vault must hinder no stop."""
    try:
        return person.contact is not None
    except vault.SealBroken:
        return False


def _by(sender: Sender | None, text: Callable[[UUID], str], language: str) -> Tell:
    if sender is None:
        return tell_nobody

    def tell(act: UUID) -> Iterable[Telling]:
        with override(django_code(language)):
            said = text(act)
        return [Telling(kind=OutboundMessage.Kind.RECEIPT, sender=sender, text=said)]

    return tell
