"""Purposes that cover everything: a generic authorisation is void (LGPD art. 8 par. 4, GDPR art. 6(1)(a))."""

import re

from consent import keywords


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that say nothing of what is sent. A name made only of these, in whatever order, is a catch-all.
_NOTHING_SAID = _words(
    """
    all any anything everything every general generic various varied miscellaneous misc other others etc more much
    communication communications message messages messaging contact contacting contacts information info notice
    notices notification notifications purpose purposes use uses subject subjects matter matters reason reasons
    whatever consent sms whatsapp voice phone call calls email emails channel channels

    todo toda todos todas cualquier cualquiera cualesquiera general generales generico genericos genericas varios
    varias diversos diversas otro otra otros otras etcetera mas comunicacion comunicaciones mensaje mensajes contacto
    contactos informacion informaciones aviso avisos notificacion notificaciones finalidad finalidades fin fines
    proposito propositos objetivo objetivos uso usos tema temas asunto asuntos motivo motivos consentimiento
    telefono llamada llamadas correo canal canales cosa cosas

    tudo qualquer quaisquer geral gerais generica generico genericas genericos varios outro outra outros outras
    mais muito comunicacao comunicacoes mensagem mensagens contato contatos informacao informacoes aviso avisos
    notificacao notificacoes finalidade finalidades fim fins uso usos assunto assuntos motivo motivos consentimento
    telefone ligacao ligacoes coisa coisas canais
    """
)
_FILLERS = _words(
    """
    a an and by for from in of on or our ours the to us via we with you your kind kinds sort sorts type types that
    which
    al con de del e el en la las lo los no nos nuestra nuestras nuestro nuestros o para por que se su sus tipo tipos
    un una usted y
    ao aos as com da das do dos em na nas nosso nossos nossa nossas os ou pela pelo sua suas seu seus um uma voce
    """
)
_ALL = r"(?:all|any|every|todo|toda|todos|todas|cualquier|cualesquiera|qualquer|quaisquer)"
_BETWEEN = (
    r"(?: (?:the|our|your|kinds?|sorts?|types?|of|other|las?|los?|nuestras?|nuestros?|otras?|otros?|tipos?|de|as?"
    r"|os?|nossas?|nossos?|outras?|outros?))*"
)
_PURPOSE = r"(?:purposes?|uses?|finalidad(?:es)?|finalidades?|fin(?:es|s)?|fim|propositos?|objetivos?|usos?)"
_TALK = r"(?:communications?|comunicacion(?:es)?|comunicac(?:ao|oes)|messages?|mensajes?|mensage(?:m|ns)|contacts?)"
# Said in the midst of other words these still open the door to everything.
_ANY_PURPOSE = re.compile(rf"\b{_ALL}{_BETWEEN} {_PURPOSE}\b|\b(?:other|outr[ao]s|otr[ao]s) {_PURPOSE}\b")
_IN_A_NAME = re.compile(
    rf"\b{_ALL}{_BETWEEN} {_TALK}\b|\b(?:in|em|en) (?:general|geral)\b|\b(?:among others|entre outr[ao]s"
    r"|entre otr[ao]s|and (?:much )?more|e (?:muito )?mais|y (?:mucho )?mas|etc|etcetera"
    r"|whatever we|o que quisermos|lo que queramos)\b"
)


def is_vague(name: str) -> bool:
    """Whether a purpose's name covers everything, or adds something that does."""
    words = keywords.normalise(name)
    if _ANY_PURPOSE.search(words) or _IN_A_NAME.search(words):
        return True
    told = [word for word in words.split() if word not in _FILLERS]
    return all(word in _NOTHING_SAID for word in told)


def opens_everything(text: str) -> bool:
    """Whether a text adds any purpose whatever to those that it names."""
    return bool(_ANY_PURPOSE.search(keywords.normalise(text)))
