"""A text to begin a notice with, in every language and wording: complete, plain, and meant to be changed."""

from dataclasses import dataclass

from consent.vocabulary import Language


@dataclass(frozen=True, slots=True)
class _Texts:
    """The sentences of one language; screen and paper share what is not about ticking."""

    ask: str  # on a screen
    sign: str  # on paper
    use: str
    us: str  # this and what follows it: only where the company may write to numbers of the United States by SMS
    frequency: str  # where no boxes say it
    rights: str
    message: str  # the dialogue adds the boxes and how to answer
    message_us: str
    greeting: str
    spoken_use: str
    spoken_rights: str
    keys: str


_ENGLISH = _Texts(
    ask="{company} would like to contact you by {channels}. Tick what you want to receive; tick nothing and"
    " nothing is sent.",
    sign="{company} would like to contact you by {channels}. Tick what you want to receive, write your number"
    " and the date, and sign. What you leave unticked is not sent.",
    use="{legal_name} uses your number only for what you tick ({purposes}), until you stop it or the time"
    " shown beside it is over, and does not pass it on. You can stop at any time, free of charge:"
    " {how_to_stop}. Refusing has no other effect on you.",
    us="Message and data rates may apply. Reply HELP for help.",
    frequency="Message frequency varies.",
    rights="Questions, a copy of your data, correction or deletion: {dpo_name}, {dpo_contact}. You may also"
    " complain to the data protection authority. Privacy policy: {privacy_url}",
    message="{company} would like to contact you by {channels}: {purposes}. You can stop at any time:"
    " {how_to_stop}. Privacy: {privacy_url} {dpo_contact}",
    message_us="Msg frequency varies. Msg & data rates may apply. Reply HELP for help.",
    greeting="Hello, this is {company}. May we contact you by {channels} with {purposes}?",
    spoken_use="{legal_name} uses your number for nothing else, and only until you stop it. You can stop at"
    " any time, free of charge: {how_to_stop}.",
    spoken_rights="Questions go to {dpo_name}, {dpo_contact}. The privacy policy is at {privacy_url}.",
    keys="To accept, press 1. To refuse, press 2. To hear this again, press 9. To stop everything, press 0.",
)

_SPANISH = _Texts(
    ask="{company} quiere comunicarse con usted por {channels}. Marque lo que desea recibir; si no marca"
    " nada, no se envía nada.",
    sign="{company} quiere comunicarse con usted por {channels}. Marque lo que desea recibir, escriba su"
    " número y la fecha, y firme. Lo que no marque no se envía.",
    use="{legal_name} usa su número solo para lo que marque ({purposes}), hasta que usted lo detenga o termine"
    " el plazo indicado, y no lo entrega a terceros. Puede parar cuando quiera y sin costo: {how_to_stop}."
    " No aceptar no tiene ninguna otra consecuencia.",
    us="Pueden aplicarse tarifas de mensajes y datos. Responda AYUDA si necesita ayuda.",
    frequency="La frecuencia de los mensajes varía.",
    rights="Preguntas, copia, corrección o eliminación de sus datos: {dpo_name}, {dpo_contact}. También puede"
    " reclamar ante la autoridad de protección de datos. Política de privacidad: {privacy_url}",
    message="{company} quiere enviarle {purposes} por {channels}. Para parar cuando quiera, {how_to_stop}."
    " Privacidad: {privacy_url} {dpo_contact}",
    message_us="Frecuencia variable. Pueden aplicarse tarifas de mensajes y datos. Ayuda: responda AYUDA.",
    greeting="Hola, le habla {company}. ¿Podemos comunicarnos con usted por {channels} para enviarle"
    " {purposes}?",
    spoken_use="{legal_name} no usa su número para nada más, y solo hasta que usted lo detenga. Puede parar"
    " cuando quiera y sin costo: {how_to_stop}.",
    spoken_rights="Para preguntas: {dpo_name}, {dpo_contact}. La política de privacidad está en"
    " {privacy_url}.",
    keys="Para aceptar, presione 1. Para no aceptar, presione 2. Para escuchar de nuevo, presione 9. Para"
    " detener todo, presione 0.",
)

_PORTUGUESE = _Texts(
    ask="{company} quer falar com você por {channels}. Marque o que deseja receber; se não marcar nada, nada"
    " será enviado.",
    sign="{company} quer falar com você por {channels}. Marque o que deseja receber, escreva seu número e a"
    " data, e assine. O que não for marcado não será enviado.",
    use="{legal_name} usa seu número somente para o que você marcar ({purposes}), até você pedir para parar"
    " ou terminar o prazo indicado, e não o repassa a terceiros. Você pode parar quando quiser, de graça:"
    " {how_to_stop}. Não aceitar não tem nenhuma outra consequência.",
    us="Podem incidir tarifas de mensagens e dados. Responda AJUDA para obter ajuda.",
    frequency="A frequência das mensagens varia.",
    rights="Perguntas, cópia, correção ou exclusão dos seus dados: {dpo_name}, {dpo_contact}. Você também"
    " pode reclamar à autoridade de proteção de dados. Política de privacidade: {privacy_url}",
    message="{company} quer enviar {purposes} por {channels}. Para parar quando quiser, {how_to_stop}."
    " Privacidade: {privacy_url} {dpo_contact}",
    message_us="Frequencia variavel. Podem incidir tarifas de mensagens e dados. Ajuda: responda AJUDA.",
    greeting="Olá, aqui é {company}. Podemos falar com você por {channels} para enviar {purposes}?",
    spoken_use="{legal_name} não usa seu número para mais nada, e somente até você pedir para parar. Você"
    " pode parar quando quiser, de graça: {how_to_stop}.",
    spoken_rights="Dúvidas: {dpo_name}, {dpo_contact}. A política de privacidade está em {privacy_url}.",
    keys="Para aceitar, tecle 1. Para não aceitar, tecle 2. Para ouvir de novo, tecle 9. Para parar tudo,"
    " tecle 0.",
)

_TEXTS = {Language.ENGLISH: _ENGLISH, Language.SPANISH: _SPANISH, Language.PORTUGUESE: _PORTUGUESE}


def wordings(*, sms_to_us: bool = False) -> dict[str, dict[str, str]]:
    """The wordings of a new draft; with what CTIA asks for where SMS may go to the United States."""
    return {language.value: _wordings(texts, sms_to_us=sms_to_us) for language, texts in _TEXTS.items()}


def _wordings(texts: _Texts, *, sms_to_us: bool) -> dict[str, str]:
    use = f"{texts.use} {texts.us}" if sms_to_us else texts.use
    spoken_us = [texts.frequency, texts.us] if sms_to_us else []
    return {
        "screen": "\n\n".join([texts.ask, use, texts.rights]),
        "message": f"{texts.message} {texts.message_us}" if sms_to_us else texts.message,
        "spoken": "\n\n".join(
            [texts.greeting, " ".join([texts.spoken_use, *spoken_us, texts.spoken_rights]), texts.keys]
        ),
        "paper": "\n\n".join([texts.sign, use, texts.rights]),
    }
