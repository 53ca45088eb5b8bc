"""What a short message means: stop, yes, no, help, start, or nothing we should act on."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from consent.keywords.tables import (
    ALONE,
    CONFIRM,
    CONFIRM_WORD,
    DENY,
    HELP,
    HELP_WORD,
    LANGUAGE_NAMES,
    LANGUAGES,
    PLAIN_STOP,
    POLITE,
    START,
    STOP,
    STOP_PHRASES,
    STOP_WORD,
    WITH_A_CODE,
    WRONG_NUMBER,
)

__all__ = [
    "ALONE", "CONFIRM_WORD", "HELP_WORD", "LONGEST_MESSAGE", "PLAIN_STOP", "POLITE", "STOP", "STOP_PHRASES",
    "STOP_WORD", "WORDS", "Intent", "code_in", "confirms_with_code", "interpret", "is_wrong_number", "language_of",
    "means", "normalise", "with_language",
]  # fmt: skip

LONGEST_MESSAGE = 4096  # characters; WhatsApp's limit, SMS has fewer


class Intent(StrEnum):
    STOP = "stop"
    CONFIRM = "confirm"
    DENY = "deny"
    HELP = "help"
    START = "start"
    OTHER = "other"


WORDS = {
    Intent.STOP: STOP,
    Intent.CONFIRM: CONFIRM,
    Intent.DENY: DENY,
    Intent.HELP: HELP,
    Intent.START: START,
}

SIGNS = {
    "🛑": Intent.STOP,
    "⛔": Intent.STOP,
    "🚫": Intent.STOP,
    "👍": Intent.CONFIRM,
    "✅": Intent.CONFIRM,
    "👎": Intent.DENY,
    "❌": Intent.DENY,
}

# Letters by their category, but shown as nothing (Unicode Default_Ignorable_Code_Point).
_INVISIBLE_LETTERS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0"))
_APOSTROPHES = frozenset("'`\u00b4\u2018\u2019\u02bc")
_SENTENCE_ENDS = re.compile(r"[.,;:!?\n\r/|()\u2026]+")
_STOP_PHRASE = re.compile(rf"(?<!\S)(?:{'|'.join(sorted(STOP_PHRASES | WRONG_NUMBER))})(?!\S)")
_WRONG_NUMBER = re.compile(rf"(?<!\S)(?:{'|'.join(sorted(WRONG_NUMBER))})(?!\S)")


def interpret(text: str) -> Intent:
    """The first meaning a message has: STOP before an answer, an answer before HELP, HELP before START.

    CONFIRM and DENY mean something only as the answer to an open question; YES is a CONFIRM that is also a
    START (see `means`). Errs on the side of STOP, which is told to the person and undone in one message.
    """
    text = text[:LONGEST_MESSAGE]
    if _is_stop(text):
        return Intent.STOP
    words = normalise(text)
    for intent in (Intent.CONFIRM, Intent.DENY, Intent.HELP, Intent.START):
        if words in WORDS[intent]:
            return intent
    signs = {SIGNS[character] for character in text if character in SIGNS}
    return signs.pop() if len(signs) == 1 and not words else Intent.OTHER


def is_wrong_number(text: str) -> bool:
    """Whether a message says that the number is not that of whom we think. It is a stop as well."""
    return _WRONG_NUMBER.search(normalise(text[:LONGEST_MESSAGE])) is not None


def means(text: str, intent: Intent) -> bool:
    """Whether the whole message is a word of one intent, whatever else it may mean as well."""
    return normalise(text[:LONGEST_MESSAGE]) in WORDS[intent]


# Written the world over, so they do not tell which language somebody speaks.
_EVERYWHERE = frozenset({"stop", "start", "help", "info", "ok", "no"})


def language_of(text: str) -> str | None:
    """The language of a message that is one word or phrase we know, where no other has it: "SIM" is "pt-BR"."""
    words = normalise(text[:LONGEST_MESSAGE])
    languages = LANGUAGES.get(words, set()) & {"en", "es", "pt-BR"}
    return languages.pop() if len(languages) == 1 and len(words) > 1 and words not in _EVERYWHERE else None


def with_language(text: str) -> tuple[str, str | None]:
    """What a message says, normalised, and the language that it names at its end: "PROMO español" is "promo", "es"."""
    words = normalise(text[:LONGEST_MESSAGE])
    said, _space, name = words.rpartition(" ")
    named = next((language for language, names in LANGUAGE_NAMES.items() if said and name in names), None)
    return (said, named) if named else (words, None)


def normalise(text: str) -> str:
    """Words and digits in lower case, without accents, punctuation, emoji or anything invisible."""
    visible = unicodedata.normalize("NFKC", text).translate(_INVISIBLE_LETTERS)
    kept = (_plain(character) for character in unicodedata.normalize("NFD", visible))
    return " ".join("".join(kept).casefold().split())


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LN":
        return character
    if category in {"Mn", "Me", "Cf"} or character in _APOSTROPHES:
        return ""
    return " "


def _is_stop(text: str) -> bool:
    words = normalise(text)
    if any(SIGNS.get(character) is Intent.STOP for character in text) or _is_stop_word(words):
        return True
    if _STOP_PHRASE.search(words) or words.split(" ")[0] in PLAIN_STOP:
        return True
    return any(
        _without_politeness(normalise(sentence)) in PLAIN_STOP for sentence in _SENTENCE_ENDS.split(text)
    )


def _is_stop_word(words: str) -> bool:
    """A stop word by itself, repeated, with a please, s p e l l e d out or with a stuck keyyy."""
    bare = _without_politeness(words)
    letters = words.split(" ")
    return (
        words in STOP | ALONE
        or bare in STOP | ALONE
        or (bare != "" and all(word in STOP for word in bare.split(" ")))
        or (all(len(letter) == 1 for letter in letters) and "".join(letters) in STOP)
        or _without_repeats(bare) in _STOP_WITHOUT_REPEATS
    )


def _without_politeness(words: str) -> str:
    return " ".join(word for word in words.split(" ") if word not in POLITE)


def _without_repeats(word: str) -> str:
    return re.sub(r"([a-z])\1+", r"\1", word)


_STOP_WITHOUT_REPEATS = frozenset(map(_without_repeats, STOP))


# An 8-digit code, as the product sends it, in whatever digits the person's keyboard has.

_CODE = re.compile(r"(?<![^\W\d])[0-9](?:[ -]*[0-9]){7}(?![^\W\d])")


def code_in(text: str) -> str | None:
    """The one 8-digit code in a message or a form field, as ASCII digits; None for none or more than one."""
    visible = "".join(
        "-" if unicodedata.category(character) == "Pd" else str(unicodedata.decimal(character, character))
        for character in unicodedata.normalize("NFKC", text[:LONGEST_MESSAGE])
        if unicodedata.category(character) != "Cf"
    )
    code = "".join(character for character in visible if character in "0123456789")
    # All digits of the message belong to the code: what is left of a longer number is no code.
    return code if len(code) == 8 and _CODE.search(visible) else None


def confirms_with_code(text: str) -> bool:
    """Whether a message with a code says nothing else but yes: who asks what it is for has not agreed."""
    words = normalise("".join(" " if character.isdecimal() else character for character in text))
    return words == "" or words in WITH_A_CODE or words in CONFIRM
