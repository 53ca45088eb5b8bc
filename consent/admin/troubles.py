"""What the codes of failed messages mean and what to do about each, in words: ours, Twilio's and Meta's.

Twilio: https://www.twilio.com/docs/api/errors; Meta: "Error codes" of the Cloud API's reference.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that goes wrong, under all its codes."""

    codes: tuple[str, ...]
    means: Any
    todo: Any


TROUBLES = (
    Trouble(
        ("30003", "30005", "30006", "21612", "63003", "63024", "131026"),
        _("The provider does not reach this number: the phone is off, not in use, fixed, or not on WhatsApp."),
        _("This is no stop. Ask the person for another number, or try again on another day."),
    ),
    Trouble(
        ("21211", "21214", "21614"),
        _("The provider takes this for no number that can get messages."),
        _("Check the number with the person."),
    ),
    Trouble(
        ("21610", "63014", "131050"),
        _("The person stopped or blocked this sender at the provider."),
        _("It is recorded as a stop. Do not write from another number instead; only the person can lift it."),
    ),
    Trouble(
        ("30004", "63033"),
        _("The carrier, the phone or the platform blocks messages to this person."),
        _("Do not write from another number instead. The person can allow it again."),
    ),
    Trouble(
        ("131049", "63032", "63049", "130472"),
        _("WhatsApp does not deliver this to the person at present, because they get enough advertising."),
        _("This is no stop. Do not try again before tomorrow."),
    ),
    Trouble(
        ("window.closed", "131047", "63016"),
        _("The person has not written for 24 hours, and then WhatsApp takes approved templates only."),
        _("Set up an approved template for this question, or wait until the person writes."),
    ),
    Trouble(
        ("429", "20429", "130429", "131056", "80007", "4", "63018", "30001", "30022", "30023"),
        _("Too much was sent at once for the provider."),
        _("It is tried again by itself, more slowly. If it goes on, allow fewer messages a day."),
    ),
    Trouble(
        ("30007", "63013", "131048"),
        _("The provider takes our messages for spam, because of what they say or because people report them."),
        _("Stop sending, read what goes to whom, and ask the provider before you go on."),
    ),
    Trouble(
        ("131042", "30002"),
        _("The account at the provider is not paid, or is suspended."),
        _("Settle it with the provider, then send again."),
    ),
    Trouble(
        ("368", "131031"),
        _("The provider has locked the account because of its rules."),
        _("Stop sending and write to the provider's support."),
    ),
    Trouble(
        ("401", "403", "20003", "190", "3", "10", "131005"),
        _("The provider does not accept our token, or the token may not do this."),
        _("Write a fresh token on the sender's page and press “Check the connection”."),
    ),
    Trouble(
        ("account.no_token",),
        _("The sender has no token that opens, so nothing can leave from it."),
        _("Write the token on the sender's page."),
    ),
    Trouble(
        ("404", "20404"),
        _("The provider does not know the account or the number of this sender."),
        _("Compare both with the provider's console, on the sender's page."),
    ),
    Trouble(
        ("21408", "130497"),
        _("The provider may not send to this country from our account."),
        _("Allow the country in the provider's console, or take it off the company's countries."),
    ),
    Trouble(
        ("21603", "21606", "21659", "30032", "30034", "63007", "131045", "133010"),
        _("Our number is not registered with the provider for this channel."),
        _("See in the provider's console that the number is on this account, registered and approved."),
    ),
    Trouble(
        ("21602", "21604", "21617", "131051", "131052", "131053"),
        _("The provider refuses what the message holds: empty, too long, or of a kind it does not take."),
        _("Shorten the notice's wording for messages, and publish it as a new version."),
    ),
    Trouble(
        ("132000", "132001", "132005", "132007", "132012"),
        _("The approved template does not fit: another name, language, length or number of values."),
        _("Compare the template at the provider with the one set here."),
    ),
    Trouble(
        ("132015", "132016", "63041"),
        _("The template is paused or disabled at WhatsApp, because people disliked it."),
        _("Use another template, and ask fewer people at once."),
    ),
    Trouble(
        ("132068", "132069"),
        _("The WhatsApp Flow is blocked or slowed down by Meta."),
        _("Look at it in WhatsApp Manager; until then ask with buttons."),
    ),
    Trouble(
        ("137000",),
        _("The person's phone or account has changed since we last wrote."),
        _("Ask the person to prove the number again."),
    ),
    Trouble(
        ("21608", "63015"),
        _("A trial account writes only to numbers that were entered at the provider."),
        _("Enter the number there, or make it a full account."),
    ),
    Trouble(
        (
            "500", "502", "503", "504", "20500", "20503", "30008", "1", "2", "131000", "131016", "131057", "133004",
            "egress.connection", "egress.timeout", "egress.answer_too_big", "answer.unreadable", "unexpected",
        ),
        _("The provider did not answer, or not in a way that makes sense."),
        _("It is tried again by itself. Where it says “perhaps sent”, look into the provider's own list first."),
    ),
    Trouble(
        ("egress.refused", "sandbox.off"),
        _("This installation does not speak to the provider of this sender: the sandbox is off here."),
        _("Give the sender a real provider, or turn the sandbox on (OPTIN_SANDBOX)."),
    ),
    Trouble(
        ("worker.lost",),
        _("The worker stopped while it was sending: nobody here knows whether the message left."),
        _("Look into the provider's own list before you send it again: the person may get it twice."),
    ),
    Trouble(
        ("ask.expired",),
        _("The question had become too old before it could leave."),
        _("Nothing. The person can fill in the form again."),
    ),
    Trouble(
        ("budget.messages", "budget.money"),
        _("The company's limit for 24 hours is reached."),
        _("It leaves by itself when there is room again. The limits are on the company's page."),
    ),
    Trouble(
        ("quiet.hours",),
        _("It is night where the person is."),
        _("It leaves by itself in the morning."),
    ),
    Trouble(
        ("budget.questions",),
        _("This number was asked less than a day ago and has not answered."),
        _("Nothing. Whoever types somebody else's number must not have them written to again and again."),
    ),
    Trouble(
        ("contact.ended",),
        _("The number is not this person's any more."),
        _("Ask the person for the new one; what they agreed to does not travel to it."),
    ),
    Trouble(
        ("person.stopped",),
        _("The person stopped what the message was about before it left."),
        _("Nothing. Whoever stopped is written to no more."),
    ),
    Trouble(
        ("person.erased",),
        _("The person was erased before the message left."),
        _("Nothing. Nobody can be written to any more."),
    ),
    Trouble(
        ("staff.cancelled",),
        _("Somebody of the staff took it back before it left."),
        _("Nothing."),
    ),
    Trouble(
        ("seal.broken",),
        _("The message does not open: the key it was sealed with is missing."),
        _("Put the key back into OPTIN_KEYRING, then send again."),
    ),
)  # fmt: skip

_BY_CODE = {code: trouble for trouble in TROUBLES for code in trouble.codes}


def of(code: str) -> Trouble | None:
    """What a code means; None for one that is not in the table, and for none."""
    return _BY_CODE.get(code)
