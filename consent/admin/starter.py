"""A text to begin a notice with, in every language: complete, plain, and meant to be changed."""

from consent.vocabulary import Language

TEXTS = {
    Language.ENGLISH: (
        "{company} would like to write to you by {channels}: {purposes}. Tick what you want to"
        " receive; tick nothing and nothing is sent.\n\n"
        "{legal_name} uses your number only for what you tick and does not pass it on. You can stop"
        " at any time, free of charge: reply STOP to any message. Refusing has no other effect on you.\n\n"
        "Questions, a copy of your data, or deletion: {dpo_name}, {dpo_contact}. Privacy policy:"
        " {privacy_url}"
    ),
    Language.SPANISH: (
        "{company} quiere escribirle por {channels}: {purposes}. Marque lo que desea recibir; si no"
        " marca nada, no se envía nada.\n\n"
        "{legal_name} usa su número solo para lo que marque y no lo entrega a terceros. Puede parar"
        " cuando quiera y sin costo: responda SALIR a cualquier mensaje. No aceptar no tiene ninguna"
        " otra consecuencia.\n\n"
        "Preguntas, copia o eliminación de sus datos: {dpo_name}, {dpo_contact}. Política de"
        " privacidad: {privacy_url}"
    ),
    Language.PORTUGUESE: (
        "{company} quer escrever para você por {channels}: {purposes}. Marque o que deseja receber;"
        " se não marcar nada, nada será enviado.\n\n"
        "{legal_name} usa seu número somente para o que você marcar e não o repassa a terceiros. Você"
        " pode parar quando quiser, de graça: responda SAIR a qualquer mensagem. Não aceitar não tem"
        " nenhuma outra consequência.\n\n"
        "Perguntas, cópia ou exclusão dos seus dados: {dpo_name}, {dpo_contact}. Política de"
        " privacidade: {privacy_url}"
    ),
}


def wordings() -> dict[str, dict[str, str]]:
    """The wordings of a new draft."""
    return {language.value: {"screen": text} for language, text in TEXTS.items()}
