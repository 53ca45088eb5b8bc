"""A caller whose number is hidden: no yes and no stop of theirs belongs to anybody, but both can be had by SMS."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import catalogue, dialogue, outbox, vault
from consent.capture.ivr import METHOD, spoken
from consent.capture.ivr.parties import STEP
from consent.contact import Contact
from consent.errors import BadInput
from consent.models import Sender
from consent.providers import twilio_voice
from consent.vocabulary import django_code

LISTENS = 12  # seconds for a number


def answer(parameters: Mapping[str, str], sender: Sender, *, at: datetime) -> bytes:
    """Say what can be done; ask for the number to stop writing to, and have it confirmed from that number."""
    company = sender.company
    language, sms = company.language, spoken.sms_sender(company)
    typed = parameters.get("Digits", "")
    if typed and sms is not None:
        contact = _read(typed, company.country)
        if contact is None:
            return twilio_voice.end([spoken.no_number(language)])
        _check(contact, sms, at=at)
        return twilio_voice.end([spoken.checked_by_sms(language)])
    lines = spoken.hidden(company, sms, catalogue.ask_by_call(sender), language)
    if sms is None or parameters.get(STEP, "0") != "0":
        return twilio_voice.end(lines)
    action = f"{reverse('twilio-voice')}?{STEP}=1"
    return twilio_voice.listen_for_number(
        [*lines, spoken.type_number(language)], action=action, seconds=LISTENS
    )


def _read(typed: str, country: str) -> Contact | None:
    """The number somebody typed on the keys, with or without the country's code."""
    with suppress(BadInput):
        return Contact.tel(typed, country)
    with suppress(BadInput):
        return Contact.reported(f"+{typed}")
    return None


def _check(contact: Contact, sms: Sender, *, at: datetime) -> None:
    """Ask the number whether it wants to stop; once a day, and nobody who gets nothing from us anyway.

    The caller hears the same in every case: whom we know is nobody's business.
    """
    subject = dialogue.subject_of(sms, contact)
    if subject is None:
        return
    with override(django_code(dialogue.language_for(sms, contact))):
        text = _(
            "%(company)s: somebody asked us by phone to stop writing to this number. If that was you, reply STOP."
        ) % {"company": sms.company.name}
    once = f"{METHOD.slug}:hidden:{vault.number_key(contact).hex()}:{at:%Y-%m-%d}"
    outbox.reply(sender=sms, contact=contact, subject=subject, text=text, reference=once)
