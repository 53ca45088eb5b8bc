"""How a person is reached: a scheme and a value, read strictly and never shown whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import ValidationResult

from consent import numbering
from consent.errors import BadInput

TEL = "tel"
WHATSAPP_USER_ID = "whatsapp-user-id"

LONGEST_TEXT = 100  # a phone number with every bracket and space anybody writes is far shorter

BLOCKED_TYPES = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.PAGER,
        phonenumbers.PhoneNumberType.UAN,
        phonenumbers.PhoneNumberType.VOICEMAIL,
    }
)

_PUNCTUATION = re.compile(r"[ \-().\t-\r\u2010-\u2015\u2212]+")
# What phones put around a number that is copied from a contact or a chat. Not what turns the digits inside round.
_AROUND = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufeff"
_DIGITS = re.compile(r"\+?[0-9]+")
_REPORTED_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
_REPORTED_USER_ID = re.compile(r"[A-Za-z]{2,}\.[A-Za-z0-9.]{1,200}")
_BRAZILIAN_WITHOUT_NINTH_DIGIT = re.compile(r"(\+55[1-9][1-9])([6-9][0-9]{7})")
_MEXICAN_WITH_ONE = re.compile(r"\+521([0-9]{10})")
_ARGENTINE_WITHOUT_NINE = re.compile(r"\+54([1-3][0-9]{9})")
# How numbers were or are dialled that the library takes for none.
_MEXICAN_AT_HOME = re.compile(r"(?:521|04[45])([0-9]{10})")
_ARGENTINE_WITH_NINE_AND_FIFTEEN = re.compile(r"\+549([0-9]{12})")

# What is said of a number that can be read, and yet is not written to.
_STILL_A_NUMBER = frozenset({"phone.not_valid", "phone.type_blocked", "phone.country_not_enabled"})

_REQUIRED = _("Write your phone number.")
_BAD_CHARACTER = _("Use only digits, spaces and the signs + - ( ) . in the phone number.")
_NOT_POSSIBLE = _(
    "This is not one whole phone number."
    " Count the digits, area code included; of another country, start with + and its code."
)
_NOT_VALID = _("No phone has this number. Check every digit.")
_NOT_VALID_IN_BRAZIL = _(
    "No phone in Brazil has this number."
    " After the area code, mobile numbers have nine digits and start with 9."
)
_TYPE_BLOCKED = _("We cannot write to this kind of number. Use an ordinary mobile or home number.")
_COUNTRY_NOT_ENABLED = _("We do not write to numbers of this country yet. Use a number of another country.")


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """One way to reach one person; safe to log, because its repr is masked."""

    scheme: str
    value: str

    @classmethod
    def tel(cls, text: str, region: str | None = None, *, allowed: Collection[str] | None = None) -> Contact:
        """Read a phone number as somebody typed it, or raise BadInput.

        `region` is where a number without + belongs; `allowed` are the regions taken, None takes them all.
        """
        digits = _read_digits(text)
        contact = cls(TEL, numbering.normal_form(digits, region=region) or _parse(digits, region=region))
        if allowed is not None and contact.region not in allowed:
            raise BadInput("phone.country_not_enabled", _COUNTRY_NOT_ENABLED, pointer="phone")
        return contact

    @classmethod
    def stopping(cls, text: str, region: str | None = None) -> Contact:
        """Read the number of somebody who wants no more messages: one that no form takes counts, too.

        Without + it is one of `region`, never of the country whose code its first digits happen to be. A part of a
        number, without its area code, is nobody's: it is refused, or they would believe that it had stopped.
        """
        try:
            return cls.tel(text, region)
        except BadInput as error:
            if error.code not in _STILL_A_NUMBER:
                raise
            number = _as_number(_read_digits(text), region=region)
            if error.code == "phone.not_valid" and _is_part(number):
                raise BadInput("phone.not_possible", _NOT_POSSIBLE, pointer="phone") from None
            return cls(TEL, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    @classmethod
    def whatsapp_user(cls, text: str) -> Contact:
        """Take a business-scoped user id as it comes: Meta's own examples break Meta's own pattern."""
        value = text.strip()
        if not value:
            raise BadInput("phone.required", _REQUIRED, pointer="phone")
        if len(value) > 2 * LONGEST_TEXT or not value.isprintable():
            raise BadInput("phone.bad_character", _BAD_CHARACTER, pointer="phone")
        return cls(WHATSAPP_USER_ID, value)

    @classmethod
    def reported(cls, address: str) -> Contact:
        """Take the sender a provider names, valid or not, because a STOP counts from any number.

        Does NOT accept short codes, SIP addresses, client names or hidden callers spelled as words.
        """
        value = address.strip().removeprefix("whatsapp:").strip()
        if number := _REPORTED_NUMBER.fullmatch(value):
            return cls(TEL, f"+{number[1]}")
        if _REPORTED_USER_ID.fullmatch(value):
            return cls.whatsapp_user(value)
        raise BadInput("phone.not_possible", _NOT_POSSIBLE, pointer="phone")

    @property
    def canonical(self) -> str:
        """The one spelling under which a person is found; `value` stays the one they are written to.

        WhatsApp drops the Brazilian ninth digit and keeps the Mexican 1 for accounts older than either rule.
        Trunk radios, which kept eight digits from 7, count as the mobile number they would have become. Argentine
        mobile numbers have a 9 from abroad, which many leave out; no landline has the ten digits of a mobile.
        """
        if self.scheme != TEL:
            return self.value
        if self.value.startswith("+55"):
            brazilian = _BRAZILIAN_WITHOUT_NINTH_DIGIT.fullmatch(self.value)
            return f"{brazilian[1]}9{brazilian[2]}" if brazilian else self.value
        if self.value.startswith("+54"):
            argentine = _ARGENTINE_WITHOUT_NINE.fullmatch(self.value)
            return f"+549{argentine[1]}" if argentine else self.value
        return _without_mexican_one(self.value)

    @property
    def country_code(self) -> int | None:
        """The country calling code of a phone number, None when there is none."""
        return numbering.country_code(self.value) if self.scheme == TEL else None

    @property
    def region(self) -> str | None:
        """The ISO 3166 region of a phone number; None for user ids, satellites and numbers of no plan."""
        code = self.country_code
        if code is None or code in numbering.NON_GEOGRAPHIC:
            return None
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        if len(regions) > 1:
            return phonenumbers.region_code_for_number(phonenumbers.parse(self.value))
        return regions[0]

    @property
    def masked(self) -> str:
        """What staff see: the country and the last two digits, in one shape for every length."""
        if self.scheme == TEL:
            return f"+{self.country_code or ''} ·· ····· ··{self.value[-2:]}"
        country = self.value[:2] if self.value[2:3] == "." else ""
        return f"{country}.·········{self.value[-2:]}"

    def __repr__(self) -> str:
        return f"<Contact {self.scheme} {self.masked}>"


def written(number: str) -> str:
    """One of our own numbers as people write it: "+55 11 4002-8922". What is no number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:  # a short code, or a name
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _read_digits(text: str) -> str:
    """Reduce a typed number to digits with at most a leading +, refusing whatever else it holds.

    libphonenumber would also take letters, extensions and "phone-context" hosts; a form must not.
    """
    if not text.strip():
        raise BadInput("phone.required", _REQUIRED, pointer="phone")
    if len(text) > LONGEST_TEXT:
        raise BadInput("phone.not_possible", _NOT_POSSIBLE, pointer="phone")
    if _DIGITS.fullmatch(text) or _DIGITS.fullmatch(text := _PUNCTUATION.sub("", text.strip(_AROUND))):
        return text
    digits = "".join(
        str(unicodedata.decimal(character, character))
        for character in _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text))
    )
    if not set(digits) <= set("+0123456789"):
        raise BadInput("phone.bad_character", _BAD_CHARACTER, pointer="phone")
    if not _DIGITS.fullmatch(digits):  # two numbers in one field, or signs alone
        raise BadInput("phone.not_possible", _NOT_POSSIBLE, pointer="phone")
    return digits


def _parse(digits: str, *, region: str | None) -> str:
    """Ask libphonenumber, and say which of its checks a number fails."""
    try:
        number = _as_number(digits, region=region)
    except phonenumbers.NumberParseException as failure:
        raise BadInput("phone.not_possible", _NOT_POSSIBLE, pointer="phone") from failure
    if number.country_code in numbering.NON_GEOGRAPHIC:
        raise BadInput("phone.country_not_enabled", _COUNTRY_NOT_ENABLED, pointer="phone")
    if not phonenumbers.is_possible_number(number):
        raise BadInput("phone.not_possible", _NOT_POSSIBLE, pointer="phone")
    if not phonenumbers.is_valid_number(number):
        message = _NOT_VALID_IN_BRAZIL if number.country_code == 55 else _NOT_VALID
        raise BadInput("phone.not_valid", message, pointer="phone")
    if phonenumbers.number_type(number) in BLOCKED_TYPES:
        raise BadInput("phone.type_blocked", _TYPE_BLOCKED, pointer="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_part(number: phonenumbers.PhoneNumber) -> bool:
    """Whether so many digits are dialled within an area alone."""
    ordinary = phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
    found = phonenumbers.is_possible_number_for_type_with_reason(number, ordinary)
    return found == ValidationResult.IS_POSSIBLE_LOCAL_ONLY


def _as_number(digits: str, *, region: str | None) -> phonenumbers.PhoneNumber:
    """Parse digits, read as they are dialled. Raises NumberParseException."""
    if region == "MX":
        digits = _MEXICAN_AT_HOME.sub(r"+52\1", digits) if _MEXICAN_AT_HOME.fullmatch(digits) else digits
    if digits.startswith("00") and (number := _dialled_abroad(digits, region=region)):
        return number
    if nine_and_fifteen := _ARGENTINE_WITH_NINE_AND_FIFTEEN.fullmatch(digits):
        digits = f"+54{nine_and_fifteen[1]}"
    # With a + the region is withheld: the library would retry "+0..." as a number of that region.
    return phonenumbers.parse(_without_mexican_one(digits), None if digits.startswith("+") else region)


def _dialled_abroad(digits: str, *, region: str | None) -> phonenumbers.PhoneNumber | None:
    """A number behind the 00 of most of the world, where these digits are no number by the region's own prefixes.

    Else "0055 11..." would be in Brazil, which dials a carrier after 00, a number of +1: somebody else's.
    """
    with suppress(phonenumbers.NumberParseException):
        if phonenumbers.is_valid_number(phonenumbers.parse(digits, region)):
            return None
    with suppress(phonenumbers.NumberParseException):
        number = _as_number(f"+{digits[2:]}", region=None)
        return number if phonenumbers.is_possible_number(number) else None
    return None


def _without_mexican_one(number: str) -> str:
    return _MEXICAN_WITH_ONE.sub(r"+52\1", number) if number.startswith("+521") else number
