"""What a short message means: stop, yes, no, help, start, or nothing we should act on."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from itertools import chain

LONGEST_MESSAGE = 4096  # characters; WhatsApp's limit, SMS has fewer


class Intent(StrEnum):
    STOP = "stop"
    CONFIRM = "confirm"
    DENY = "deny"
    HELP = "help"
    START = "start"
    OTHER = "other"


# The tables hold normalised words: lower case, no accents, no punctuation. A stop is understood in every
# language at any time; the other words in all of them too, because people answer in the one they like.


_LANGUAGES: dict[str, set[str]] = {}  # every word of the tables, with the languages that have it


def _table(**languages: str) -> frozenset[str]:
    columns = {
        code: [" ".join(entry.split()) for entry in column.split(",")] for code, column in languages.items()
    }
    for code, entries in columns.items():
        for entry in entries:
            _LANGUAGES.setdefault(entry, set()).add("pt-BR" if code == "pt" else code)
    return frozenset(chain.from_iterable(columns.values()))


STOP = _table(
    # Twilio, FCC 47 CFR 64.1200(a)(10), AWS, Telnyx
    en="stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out, remove",
    pt="""parar, pare, parem, sair, cancelar, cancele, cancela, remover, remova, descadastrar, descadastre,
          descadastra""",
    # Sinch, CRC Colombia
    es="baja, salir, cancelar, cancelen, parar, paren, alto, detener, detenga, detengan, deten, basta",
    # AWS
    fr="arret, td",
)

# Words with hardly another meaning: they also count as the first word, or one sentence, of a longer message.
PLAIN_STOP = _table(
    en="stop, stopall, stop all, unsubscribe, optout, opt out",
    pt="parar, pare, parem, sair, descadastrar, descadastre",
    es="salir, paren, detener, detengan, basta",
)

# Words that are a stop where nothing else is said, and mean too much else to be looked for in a sentence.
ALONE = _table(
    en="""no more, enough, delete, block, blocked, unsub, withdraw, cease, desist, i want out, want out, leave me,
          go away, sotp, stpo""",
    pt="""para, para ja, chega, sai, saia, fora, sai fora, excluir, exclui, exclua, apagar, apague, deletar, deleta,
          bloquear, bloqueado, bloqueada, vou bloquear, desativar, desligar, revogar, cancelem, nao perturbe,
          nao incomode, sem interesse""",
    es="""para, fuera, quitar, bloquear, bloqueado, dejame, dejenme, ya no, revocar, cancelame, cancelenme, no molestes,
          no molesten""",
)

# What a reasonable person reads as a stop, anywhere in a message (FCC 64.1200(a)(10), "reasonable means").
STOP_PHRASES = _table(
    en="""unsubscribe, opt me out, opt out, opting out, take me off, remove me, remove my number, delete my
          number, no more messages, no more texts, stop sending, stop texting, stop messaging, stop calling,
          stop contacting, stop this, stop these, want to stop, leave me alone, do not text me, do not
          message me, do not call me, do not contact me, dont text me, dont message me, dont call me, dont
          contact me, dont want any more, dont want anymore, dont want messages, dont want your messages,
          dont want these, i revoke, i withdraw, revoke my consent, withdraw my consent, revoke consent, withdraw
          consent, revoke my permission, withdraw my permission, cease and desist, delete me, forget me,
          unsuscribe, unsubcribe, unsubscibe, un subscribe""",
    pt="""nao quero mais, nao quero receber, nao desejo mais, nao desejo receber, nao me mande, nao me
          mandem, nao mande mais, nao mandem mais, nao me envie, nao me enviem, nao envie mais, nao enviem
          mais, nao me ligue, nao me liguem, me tira, me tire, me tirem, me retire, me remove, me remova, me
          remover, me removam, me exclui, me exclua, me descadastre, me descadastra, me descadastrar, tira
          meu numero, tire meu numero, remova meu numero, apague meu numero, pare de, parem de, para de me,
          para de mandar, para de enviar, sair da lista, quero sair, chega de mensagem, chega de mensagens,
          cancelar inscricao, cancelar o recebimento, revogo, retiro meu consentimento, retiro o consentimento,
          revogar consentimento, revogar o consentimento, revogar meu consentimento, nao autorizo, nao me manda,
          nao manda mais, nao me envia, nao envia mais, nao me liga, nao liga mais, nao ligue mais, nao liguem mais,
          nao me chama, nao me chame, nao me chamem, nao qro mais, nao qro receber, n quero mais, n quero receber,
          n qro mais, n qro receber, n me manda, n me mande, n me mandem, me deixa em paz, me deixe em paz, me
          deixem em paz, me esquece, me esqueca, me esquecam, para com isso, para com essas, tira meu contato, tire
          meu contato, tira meu nome, tire meu nome, retire meu numero, retire meu contato, exclui meu numero,
          exclua meu numero, exclui meu contato, exclua meu contato, apaga meu numero, deleta meu numero, desinscrever,
          desinscreve, desinscreva, cancela minha inscricao, cancele minha inscricao, cancelar minha inscricao""",
    es="""no quiero mas, no quiero recibir, no deseo mas, no deseo recibir, ya no quiero, no mas, no me
          mande, no me manden, no me envie, no me envien, no manden mas, no envien mas, no me escriba, no me
          escriban, no me llame, no me llamen, dame de baja, darme de baja, deme de baja, denme de baja, dar
          de baja, darse de baja, me doy de baja, borrame, borreme, borrenme, sacame, saqueme, saquenme,
          quitame, quiteme, quitenme, eliminame, elimineme, eliminenme, borrar mi numero, eliminar mi
          numero, dejame en paz, dejenme en paz, deja de mandar, deja de enviar, deje de, dejen de, paren
          de, quiero salir, salir de la lista, cancelar suscripcion, cancelar la suscripcion, revoco, retiro
          mi consentimiento, retiro el consentimiento, revocar mi consentimiento, no autorizo, no me mandes, no mandes
          mas, no me envies, no envies mas, no me escribas, no me llames, no me molestes, no me molesten, quiero la
          baja, solicito la baja, elimina mi numero, eliminen mi numero, borra mi numero, borren mi numero,
          desuscribir, desuscribirme, desuscribeme, desuscribanme, cancela la suscripcion, cancelen la suscripcion,
          cancela mi suscripcion, cancelar mi suscripcion""",
)

# Somebody else has the number now: more than a stop, for what was agreed to before was never theirs.
WRONG_NUMBER = _table(
    en="wrong number, wrong person, not my number, you have the wrong, new owner of this number",
    pt="""numero errado, pessoa errada, nao e meu numero, esse numero nao e, este numero nao e, numero agora e meu,
          nao conheco essa pessoa""",
    es="""numero equivocado, persona equivocada, no es mi numero, este numero no es, ese numero no es, numero
          incorrecto, no conozco a esa persona""",
)

# What may stand around a stop word without changing it.
POLITE = _table(
    en="please, pls, plz, thanks, thank, you, now, all, hi, hello, hey, ok, and, i, want, to",
    pt="por, favor, pf, pfv, obrigado, obrigada, agora, ja, tudo, todos, oi, ola, e, eu, quero",
    es="gracias, ahora, ya, todo, hola, yo, quiero, deseo",
)

CONFIRM = _table(
    en="yes, y, ok, okay, agree, i agree, accept, i accept, join, yes please, yes i agree, yes i accept",
    pt="""sim, s, confirmo, aceito, eu aceito, concordo, sim aceito, sim eu aceito, sim confirmo, sim
          concordo, sim quero, sim por favor""",
    es="si, acepto, yo acepto, confirmo, si acepto, si confirmo, si quiero, si por favor",
)

DENY = _table(
    en="no, n, no thanks, no thank you, i do not agree, i dont agree, i dont want",
    pt="nao, nao obrigado, nao obrigada, nao quero, nao aceito, nao concordo",
    es="no, no gracias, no quiero, no acepto",
)

# What may stand around a code that is sent back.
WITH_A_CODE = _table(
    en="code, the code is, my code is",
    pt="codigo, o codigo e, meu codigo e",
    es="codigo, el codigo es, mi codigo es",
)

HELP = _table(
    en="help, info, help me",
    pt="ajuda, me ajuda",
    es="ayuda, ayudame",
)

START = _table(
    en="start, unstop, yes, subscribe, join",  # Twilio, Telnyx
    pt="voltar, receber, iniciar",  # Sinch, Wati
    es="alta, volver, recibir, iniciar",
)

# The words that people are told to write, by the language they are told in. English says JOIN, because to
# Twilio every YES is a START.
STOP_WORD = {"en": "STOP", "es": "SALIR", "pt-BR": "SAIR"}
CONFIRM_WORD = {"en": "JOIN", "es": "ACEPTO", "pt-BR": "SIM"}
HELP_WORD = {"en": "HELP", "es": "AYUDA", "pt-BR": "AJUDA"}

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
    languages = _LANGUAGES.get(words, set()) & {"en", "es", "pt-BR"}
    return languages.pop() if len(languages) == 1 and len(words) > 1 and words not in _EVERYWHERE else None


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
