"""Short messages as people write them, and what we make of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import keywords
from consent.keywords import Intent


@pytest.mark.parametrize("word", sorted(keywords.STOP))
@pytest.mark.parametrize("spell", [str.lower, str.upper, "  {}. ".format, "¡{}!".format, "*{}*\n".format])
def test_every_stop_word_stops_however_it_is_spelled(word: str, spell: object) -> None:
    assert keywords.interpret(spell(word)) is Intent.STOP  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop", " Stop. ", "stop please", "Please stop", "STOP!!!", "StOp", "s t o p",
        "S.T.O.P.", "STOPPP", "stop stop stop", "STOP ALL", "stop-all", "OPT-OUT", "Opt out",
        "hi, stop", "OK stop", "No. Stop.", "please opt me out", "Unsubscribe me from this",
        "stop texting me", "Don't text me again", "Stop\n\nSent from",
        "I don’t want any more of this", "take me off your list", "I withdraw my consent",
        "leave me alone", "PARAR", "Pare!", "SAIR", "Sair, por favor", "cancelar",
        "Cancelar obrigado", "quero sair", "sim, pare", "não quero mais",
        "Nao quero mais receber isso", "me tira da lista", "me remove da lista",
        "Me descadastra aí", "parem de mandar mensagem", "não me mandem mais nada",
        "Oi, quero cancelar", "chega de mensagens", "PAREEE", "BAJA", "Salir", "ALTO", "¡BASTA!",
        "Detener", "no quiero mas", "no más", "No mas mensajes", "darme de baja",
        "quiero darme de baja", "quiero salir por favor", "no me escriban", "bórrame de la lista",
        "dejen de molestar", "ARRÊT", "TD", "🛑", "🛑🛑", "🛑 chega", "oi 🛑", "⛔", "🚫", "ＳＴＯＰ",
        "𝐒𝐓𝐎𝐏", "Ⓢⓣⓞⓟ", "ST\u200bOP", "\u202astop\u202c", "s\u00adt\u00ado\u00adp", "stop\u3164",
        "stop\ufe0f", "paŕar", "BAJA\x00", "stop" + " " * 5_000, "Não me manda mais nada!", "nao me liga mais",
        "ñ quero mais receber", "n qro mais", "Para!", "CHEGA", "já chega", "me deixa em paz", "não autorizo",
        "quero revogar o consentimento", "retiro o consentimento", "desinscrever", "exclua meu número", "Excluir",
        "No me mandes más mensajes", "no me escribas más", "no autorizo", "desuscríbeme", "¡Para!", "ya no",
        "no more", "delete me please", "Unsub", "unsuscribe", "I revoke my permission",
    ],
)  # fmt: skip
def test_a_stop_is_understood_in_every_language(text: str) -> None:
    assert keywords.interpret(text) is Intent.STOP


@pytest.mark.parametrize(
    "text",
    [
        "YES", "y", "Ok!", "I agree", "Join", "SIM", "Sim.", "S", "aceito", "Sim, aceito", "SÍ",
        "si", "Sí, acepto", "confirmo", "👍", "👍🏽", "✅ ", "👍👍",
    ],
)  # fmt: skip
def test_a_yes_confirms(text: str) -> None:
    assert keywords.interpret(text) is Intent.CONFIRM


@pytest.mark.parametrize(
    "text", ["NO", "n", "No, thanks", "Não", "nao", "NÃO, obrigado", "no gracias", "não quero", "👎", "❌"]
)
def test_a_bare_no_denies_and_does_not_stop(text: str) -> None:
    assert keywords.interpret(text) is Intent.DENY


@pytest.mark.parametrize("text", ["HELP", "info?", "Ajuda", "AYUDA", "help me!"])
def test_help_is_understood(text: str) -> None:
    assert keywords.interpret(text) is Intent.HELP


@pytest.mark.parametrize("text", ["START", "unstop", "Voltar", "ALTA", "iniciar"])
def test_start_is_understood(text: str) -> None:
    assert keywords.interpret(text) is Intent.START


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "...", "🙂", "👍👎", "sim não sim", "sim ou não?", "Oi", "Bom dia!", "quero",
        "quanto custa?", "where is the bus stop", "don't stop", "o preço está alto?",
        "cancelar meu pedido 123", "para quando?", "is the weekend included",
        "yes but only on fridays", "I said yes", "👍 valeu", "1", "please", "\u3164", "quando chega?", "é para hoje",
        "o pedido não chega", "para mí está bien", "sai que horas?", "I have enough", "uma mesa lá fora",
    ],
)  # fmt: skip
def test_anything_else_means_nothing(text: str) -> None:
    assert keywords.interpret(text) is Intent.OTHER


def test_a_word_with_two_meanings_is_an_answer_first_and_can_be_asked_about_the_other() -> None:
    assert keywords.interpret("Yes!") is Intent.CONFIRM
    assert keywords.means("Yes!", Intent.START)
    assert keywords.means("join", Intent.START)
    assert not keywords.means("SIM", Intent.START)


def test_the_tables_hold_normalised_words() -> None:
    stops = (keywords.STOP_PHRASES, keywords.PLAIN_STOP, keywords.ALONE)
    for table in [*keywords.WORDS.values(), *stops, keywords.POLITE]:
        for words in table:
            assert words == keywords.normalise(words) != ""


def test_no_stop_word_means_anything_else() -> None:
    for intent, words in keywords.WORDS.items():
        assert intent is Intent.STOP or not words & (keywords.STOP | keywords.ALONE)


@pytest.mark.parametrize("word", sorted(keywords.ALONE))
def test_some_words_stop_where_nothing_else_is_said(word: str) -> None:
    assert keywords.interpret(f" {word.upper()}!! ") is Intent.STOP


@pytest.mark.parametrize("phrase", sorted(keywords.STOP_PHRASES))
def test_every_phrase_stops_inside_a_longer_message(phrase: str) -> None:
    assert keywords.interpret(f"Oi! Ana aqui, {phrase} 123 obrigada") is Intent.STOP


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_at_all_has_a_meaning(text: str) -> None:
    assert keywords.interpret(text) in Intent
    assert keywords.normalise(keywords.normalise(text)) == keywords.normalise(text)
    keywords.code_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "12345678", " 12345678 ", "1234 5678", "1234-5678", "1 2 3 4 5 6 7 8", "12 34-56 78",
        "١٢٣٤٥٦٧٨", "１２３４５６７８", "१२३४५६७८", "1234\u00a05678", "1234‑5678", "1234–5678",
        "\u202a12345678\u202c", "O código é 12345678.", "codigo:12345678", "(12345678)",
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_typed(text: str) -> None:
    assert keywords.code_in(text) == "12345678"


def test_a_code_keeps_its_leading_zeros() -> None:
    assert keywords.code_in("0000 0042") == "00000042"


@pytest.mark.parametrize(
    "text",
    [
        "", "SIM", "1234567", "123456789", "1234_5678", "_12345678", "12345678_", "a12345678",
        "12345678a", "1234.5678", "1234, 5678", "12345678 1", "1 12345678", "12345678 87654321",
        "+55 11 98765-4321", "1234\n5678",
    ],
)  # fmt: skip
def test_what_is_not_one_code_of_eight_digits_is_none(text: str) -> None:
    assert keywords.code_in(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PROMO ES", ("promo", "es")),
        ("promo, Português!", ("promo", "pt-BR")),
        ("promo", ("promo", None)),
        ("promo de natal", ("promo de natal", None)),
        ("Español", ("espanol", None)),  # may be a keyword itself
        ("", ("", None)),
    ],
)
def test_a_language_is_named_behind_something_else(text: str, said: tuple[str, str | None]) -> None:
    assert keywords.with_language(text) == said
