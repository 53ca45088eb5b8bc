"""Who calls whom: our sender, the person, and the call of ours that a step belongs to."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest

from consent import catalogue, providers
from consent.contact import TEL, Contact
from consent.errors import BadInput
from consent.models import OutboundMessage, Sender
from consent.providers import twilio
from consent.vocabulary import Channel

# What the address of a step carries, which is signed like the rest.
STEP, MESSAGE = "step", "message"

# What carriers put where the number is withheld: words typed on a telephone's keys, which look like numbers.
# ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE.
HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})


def verified(request: HttpRequest) -> dict[str, str]:
    """The parameters, with what the signed address carries: the step, and the call of ours that it belongs to.

    Our own number is the one called, or the one that called where the address names a call of ours.
    """
    step, message = request.GET.get(STEP, "0"), request.GET.get(MESSAGE, "")
    parameters = twilio.verified(request, ours="From" if message else "To", is_call=True)
    return {**parameters, STEP: step, MESSAGE: message}


def person(parameters: Mapping[str, str]) -> Contact | None:
    """Who is not us; None where nobody can tell: a hidden number, a SIP address, a client, a word."""
    number = parameters.get("To" if parameters.get(MESSAGE) else "From", "").strip()
    if number in HIDDEN:
        return None
    try:
        contact = Contact.reported(number)
    except BadInput:
        return None
    return contact if contact.scheme == TEL else None


def sender(parameters: Mapping[str, str]) -> Sender | None:
    """Our voice sender, if it belongs to the account that signed."""
    found = catalogue.sender_at(
        Channel.VOICE, parameters.get("From" if parameters.get(MESSAGE) else "To", "")
    )
    return found if found and providers.belongs(found, parameters) else None


def message(parameters: Mapping[str, str], sender: Sender) -> OutboundMessage | None:
    """The call of ours that a step belongs to."""
    try:
        number = UUID(parameters.get(MESSAGE, ""))
    except ValueError:
        return None
    return OutboundMessage.objects.filter(pk=number, sender=sender, kind=OutboundMessage.Kind.ASK).first()
