"""What a call says besides the notice, in the language of the person."""

import hashlib
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import override

from consent import keywords, wording
from consent.canonical import canonical
from consent.catalogue import Ask
from consent.models import Company, Sender
from consent.providers.twilio_voice import Line
from consent.vocabulary import Channel, Confirmation, Language, django_code

# Which key changes the language, each said in its own: whoever needs it understands nothing else.
LANGUAGES = {
    "3": (Language.ENGLISH.value, "For English, press 3."),
    "4": (Language.SPANISH.value, "Para español, presione 4."),
    "5": (Language.PORTUGUESE.value, "Para português, tecle 5."),
}


def other_languages(spoken: Sequence[str], current: str) -> list[Line]:
    """How to change to each of the other languages."""
    return [
        (language, offer)
        for language, offer in LANGUAGES.values()
        if language in spoken and language != current
    ]


def digits(number: str) -> str:
    """A number or a code as a voice reads it, one digit after the other."""
    return " ".join(filter(str.isdigit, number))


def not_understood(language: str) -> Line:
    with override(django_code(language)):
        return language, _("We do not know this key.")


def gave_up(language: str) -> Line:
    with override(django_code(language)):
        return language, _("We heard no answer that we know, so nothing was recorded. Goodbye.")


def closed(company: Company, language: str) -> Line:
    with override(django_code(language)):
        text = _(
            "This is %(company)s. Nobody can sign up at this number now. To stop all messages from us, press 0."
        )
        return language, text % {"company": company.name}


def pressed_yes(company: Company, labels: Iterable[str], language: str) -> Line:
    with override(django_code(language)):
        text = _("You pressed 1: yes to %(boxes)s from %(company)s.")
        return language, text % {"company": company.name, "boxes": "; ".join(labels)}


def nothing_waits(company: Company, language: str) -> Line:
    with override(django_code(language)):
        text = _("This is %(company)s. Nothing is waiting for your answer any more. Goodbye.")
        return language, text % {"company": company.name}


def recorded(reference: str, language: str, *, by_sms: bool) -> Line:
    """The receipt of a call: its number, read out."""
    with override(django_code(language)):
        text = _("Thank you, your yes is recorded. Your reference is %(reference)s.")
        text %= {"reference": digits(reference)}
        more = [_("The receipt comes by SMS.")] if by_sms else []
        return language, " ".join([text, *more, _("To stop, call us and press 0. Goodbye.")])


def way_out(language: str) -> Line:
    with override(django_code(language)):
        return language, _("If that was a mistake, press 2. To stop everything, press 0.")


def confirm_by(way: str, sender: Sender, language: str) -> Line:
    """Why the yes of somebody who called does not count yet, and what makes it count."""
    with override(django_code(language)):
        why = _("Numbers of callers can be forged, so your yes counts once you confirm it.")
        if way == Confirmation.CALL:
            how = _("We call you back at your number: press 1 then.")
        elif way == Confirmation.LINK:
            how = _("We write to your number by %(channel)s: open the link in it.")
        else:
            how = _("We write to your number by %(channel)s: reply %(word)s.")
        values = {"channel": sender.get_channel_display(), "word": _("JOIN")}
        return language, f"{why} {how % values}"


def cannot_confirm(language: str) -> Line:
    with override(django_code(language)):
        return language, _("We do not write to numbers like yours, so your yes was not recorded. Goodbye.")


def goodbye(language: str) -> Line:
    with override(django_code(language)):
        return language, _("Thank you. Goodbye.")


def refused(company: Company, language: str) -> Line:
    with override(django_code(language)):
        text = _("Understood: you will not get these messages from %(company)s. Goodbye.")
        return language, text % {"company": company.name}


def stopped(company: Company, language: str) -> Line:
    with override(django_code(language)):
        text = _("Done: %(company)s sends you no more messages, on any channel. Goodbye.")
        return language, text % {"company": company.name}


def hidden(company: Company, sms: Sender | None, ask: Ask | None, language: str) -> list[Line]:
    """What somebody hears whose number does not come with the call: nothing can be recorded, and what to do."""
    with override(django_code(language)):
        said = [
            _("This is %(company)s. Your number is hidden, so nobody can tell whose yes or no this is.")
            % {"company": company.name}
        ]
        if sms is None:
            said.append(_("Please call again and show your number."))
        else:
            number = digits(sms.address)
            if ask and ask.point.keyword:
                said.append(
                    _("To sign up, send %(keyword)s by SMS to %(number)s.")
                    % {"keyword": ask.point.keyword.upper(), "number": number}
                )
            said.append(
                _("To stop our messages, send %(word)s by SMS to %(number)s.")
                % {"word": keywords.STOP_WORD[language], "number": number}
            )
        return [(language, text) for text in said]


def type_number(language: str) -> Line:
    with override(django_code(language)):
        return language, _("Or type your number with the area code now, and then the hash key.")


def no_number(language: str) -> Line:
    with override(django_code(language)):
        return language, _("That is no phone number, so nothing was done. Goodbye.")


def checked_by_sms(language: str) -> Line:
    with override(django_code(language)):
        return language, _(
            "If we write to that number, it gets an SMS now: reply to it, and we stop. Goodbye."
        )


def digest(lines: Iterable[Line]) -> str:
    """SHA-256 of everything that is said in one turn, in hex."""
    return hashlib.sha256(canonical([list(line) for line in lines])).hexdigest()


def statement(ask: Ask, language: str) -> wording.Statement:
    """What a capture point says by voice."""
    assert ask.version is not None, "nobody is asked before the notice is published"
    return wording.statement(ask, ask.version, language, wording="spoken")


def sms_sender(company: Company) -> Sender | None:
    """The number people can write to, if the company has one."""
    return company.senders.filter(channel=Channel.SMS).order_by("pk").first()
