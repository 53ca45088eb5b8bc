"""What may be a stop is seen as such, and what clearly is none is not."""

import pytest

from consent import doubts, keywords

UNSURE = [
    "vocês podem parar com isso?", "quero cancelar isso", "quem são vocês? não autorizei", "isso é spam",
    "não gosto dessas mensagens", "chega dessas promoções", "vou no Procon", "😡😡",
    "no me gustan estos mensajes", "ya estoy harta", "¿quién les dio mi contacto? nunca llamen",
    "quiero cancelar ese pedido", "I never asked for these texts", "this is harassment", "how do I unsubscribe?",
    "not interested in your offers", "não tenho interesse", "no me interesa", "please don't send before noon",
]  # fmt: skip
CLEAR = [
    "qual o horário?", "obrigada!", "adorei as promoções", "¿a qué hora abren?", "no tengo dinero hoy",
    "what time do you open?", "", "👍", "meu pedido chegou", "não sei", "alto y claro",
    "quando chega meu pedido?", "é para hoje",
]  # fmt: skip


@pytest.mark.parametrize("text", UNSURE)
def test_what_may_be_a_stop_is_read_by_a_person_or_is_one_already(text: str) -> None:
    is_stop = keywords.interpret(text) is keywords.Intent.STOP
    assert is_stop or doubts.may_be_a_stop(text)


@pytest.mark.parametrize("text", CLEAR)
def test_what_is_about_something_else_is_left_alone(text: str) -> None:
    assert not doubts.may_be_a_stop(text)


@pytest.mark.parametrize(
    "text", ["stop", "não quero mais", "me tira da lista", "no más", "please opt me out", "🛑"]
)
def test_a_plain_stop_needs_nobody_to_judge_it(text: str) -> None:
    assert keywords.interpret(text) is keywords.Intent.STOP


def test_a_no_far_from_the_messages_is_no_doubt() -> None:
    far = "não sei se hoje tem aula de dança, mas adorei as promoções"
    assert not doubts.may_be_a_stop(far)
