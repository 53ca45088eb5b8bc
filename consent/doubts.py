"""Whether a message that is no stop by our words may be one all the same: then a person has to read it.

Errs widely: what it costs is that no offers go until somebody has looked (FCC 47 CFR 64.1200(a)(10), "any
reasonable means"; LGPD art. 8 par. 5).
"""

from consent import keywords

NEAR = 4  # words between a no and what it is about


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Stop words that also live in sentences about other things: an order to cancel, a person who goes out.
_STOPPING = frozenset(
    word for word in keywords.STOP if " " not in word and len(word) > 3 and word not in {"alto", "quit"}
)

_NOES = _words("nao nunca jamais chega sem no nunca jamas ya not never dont without nor")

_MESSAGES = _words(
    """mensagem mensagens msg msgs sms zap zaps whatsapp promo promos promocao promocoes oferta ofertas
    propaganda propagandas anuncio anuncios publicidade mandando mandar mandem manda enviando enviar enviem
    escrevendo escrever lista contato ligar ligando ligacao ligacoes notificacao notificacoes interesse interessa
    interessado interessada
    mensaje mensajes promociones publicidad anuncios escriban escribir mandan mande envien envian llamen
    llamando llamar llamadas contacto interesa interesado interesada
    message messages text texts texting promotion promotions offers ads contact calling calls list send
    interested"""
)

_ANGER = _words(
    """spam procon anatel lgpd anpd denuncia denunciar denuncio processar advogado reclame assedio enche
    enchendo incomoda incomodando perturba perturbando insuportavel idiota idiotas merda porra caralho
    desgraca inferno golpe autorizei
    harto harta hartos molesta molestan molesten molestando acoso abogado mierda carajo joder estafa fastidian
    autorice
    enough annoying harassment harassing harass lawyer lawsuit sue fuck fucking shit scam consented"""
)

_SIGNS = frozenset("😡🤬😠🖕😤")


def counts_late(text: str) -> bool:
    """Whether a message is acted upon although nobody waits for a reply any more: a stop, or what may be one."""
    meant = keywords.interpret(text)
    if meant is not keywords.Intent.OTHER:
        return meant is keywords.Intent.STOP
    return keywords.code_in(text) is None and may_be_a_stop(text)


def may_be_a_stop(text: str) -> bool:
    """Whether a message that means nothing else speaks of stopping, says no to messages, or is angry."""
    text = text[: keywords.LONGEST_MESSAGE]
    words = keywords.normalise(text).split()
    if not _SIGNS.isdisjoint(text) or not (_ANGER | _STOPPING).isdisjoint(words):
        return True
    noes = [place for place, word in enumerate(words) if word in _NOES]
    return any(
        word in _MESSAGES and any(abs(place - no) <= NEAR for no in noes) for place, word in enumerate(words)
    )
