"""What is looked for in the texts of a notice, what is said where it is there, and what is advised where it is not."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from consent import keywords, wording
from consent.linting import texts, words
from consent.linting.texts import READ

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Check:
    """What a text must do: what is said where it does, and what is advised where it does not."""

    says: "_StrPromise"
    advice: "_StrPromise"
    test: texts.Test
    wordings: tuple[str, ...] = wording.WORDINGS
    is_of_texts: bool = True  # else of what the capture points offer
    is_of_the_missing: bool = False  # looks also at texts that are not there


COMPANY = Check(
    _("The company is named."),
    _("Name the company as people know it: write {company}."),
    texts.names("company", lambda ask: ask.company.name),
)
CHANNELS = Check(
    _("The channels are named."),
    _("Name every channel on which messages or calls will come: write {channels}."),
    texts.channels,
)
PURPOSES = Check(
    _("The purposes are named."),
    _("Say what is sent: write {purposes}. A capture point without a box offers nothing yet."),
    texts.purposes,
)
SPECIFIC = Check(
    _("Every purpose is specific."),
    _("A purpose that covers everything is void. Name what is sent, one purpose for each kind. Too general:"),
    texts.specific,
    wordings=("screen",),
    is_of_texts=False,
    is_of_the_missing=True,
)
NOTHING_ADDED = Check(
    _("The text adds no purpose beyond those that are ticked."),
    _("Take out what lets the number be used for anything: such a consent is void."),
    texts.nothing_added,
)
STOP = Check(
    _("It says how to stop."),
    _("Say before the person agrees how to stop: write {how_to_stop}."),
    texts.how_to_stop,
)
LEGAL_NAME = Check(
    _("Who decides about the data is named in full."),
    _("Name the controller by its legal name: write {legal_name}."),
    texts.names("legal_name", lambda ask: ask.company.legal_name),
    wordings=("screen", "spoken", "paper"),
)
OFFICER = Check(
    _("It says whom to ask: the data protection officer's contact."),
    _("Give the contact of the data protection officer: write {dpo_contact}."),
    texts.names("dpo_contact", lambda ask: ask.company.dpo_contact),
)
POLICY = Check(
    _("It leads to the privacy policy."),
    _("Give the address of the privacy policy: write {privacy_url}."),
    texts.names("privacy_url", lambda ask: ask.company.privacy_url),
)
RECEIVE = Check(
    _("It says that the person will get messages or calls."),
    _("Say plainly that the person agrees to be written to or called."),
    texts.says(words.RECEIVE),
)
DURATION = Check(
    _("It says for how long."),
    _("Say for how long the consent holds, in the text or beside each box."),
    texts.duration,
    wordings=READ,
)
SHARING = Check(
    _("It says whether the data is passed on."),
    _("Say whether the number is passed on, and to whom."),
    texts.says(words.SHARING),
    wordings=READ,
)
RIGHTS = Check(
    _("It names the rights to a copy and to deletion."),
    _("Name the person's rights: a copy of the data, its correction and its deletion."),
    texts.says(words.ACCESS, words.DELETION),
    wordings=READ,
)
REFUSING = Check(
    _("It says what follows from refusing."),
    _("Say that one may refuse, and what follows from it."),
    texts.says(words.REFUSING),
    wordings=READ,
)
COMPLAINT = Check(
    _("It names the right to complain to an authority."),
    _("Say that one may complain to the data protection authority."),
    texts.says(words.COMPLAINT),
    wordings=READ,
)
EVERY_TEXT = Check(
    _("Every wording is written in every language."),
    _("Write this text: whoever is asked must understand it."),
    texts.written,
    is_of_the_missing=True,
)
FREQUENCY = Check(
    _("It says how often."),
    _("Say how often messages come, in the text or beside each box: “Message frequency varies”."),
    texts.frequency,
)
RATES = Check(
    _("It says that message and data rates may apply."),
    _("Add “Message and data rates may apply”."),
    texts.says(words.RATES),
)
STOP_WORD = Check(
    _("It names the word STOP."),
    _("Tell people to reply STOP to stop, in capitals: write {how_to_stop}."),
    texts.shouts(keywords.Intent.STOP),
)
HELP_WORD = Check(
    _("It names the word HELP."),
    _("Tell people to reply HELP for help, in capitals."),
    texts.shouts(keywords.Intent.HELP),
)
NO_PURCHASE = Check(
    _("It says that nothing else depends on the consent."),
    _("Say that the consent is not a condition of any purchase."),
    texts.says(words.NO_PURCHASE),
    wordings=READ,
)
SHORT = Check(
    _("The message is short enough for an SMS."),
    _("Shorten the message; letters outside the SMS alphabet more than halve the room:"),
    texts.short,
    wordings=("message",),
)
SPEAKABLE = Check(
    _("A voice can read it aloud in a minute or so."),
    _("Write it as one says it: short, without addresses or signs that are not placeholders:"),
    texts.speakable,
    wordings=("spoken",),
)
KEYS = Check(
    _("It tells the keys: 1 accept, 2 refuse, 9 again, 0 stop."),
    _("Tell every key: 1 to accept, 2 to refuse, 9 to hear it again, 0 to stop. Not told:"),
    texts.keys,
    wordings=("spoken",),
)
BRACES = Check(
    _("Everything in braces stands for something."),
    _("This name in braces stands for nothing and would be shown as it is:"),
    texts.braces,
)
