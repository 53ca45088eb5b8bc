"""Twilio Voice: what a call says and which key it waits for, as TwiML, and how a call is placed."""

from collections.abc import Iterable

from twilio.twiml.voice_response import Gather, VoiceResponse

from consent.providers import twilio
from consent.providers.accounts import Account
from consent.vocabulary import Language

# The voice that speaks each language: Twilio's name of the language, and Amazon Polly's of the voice.
VOICES = {
    Language.ENGLISH.value: ("en-US", "Polly.Joanna"),
    Language.SPANISH.value: ("es-MX", "Polly.Mia"),
    Language.PORTUGUESE.value: ("pt-BR", "Polly.Camila"),
}
LONGEST_LINE = 4000  # characters; Twilio refuses a <Say> of more than 4,096
RINGS = 30  # seconds
LONGEST_CALL = 600  # seconds; nobody needs as long, and each minute costs money

type Line = tuple[str, str]  # (language, what is said in it)


def listen(lines: Iterable[Line], *, action: str, seconds: int) -> bytes:
    """Say something and wait for one key; it is posted to `action`, and so is silence after `seconds`.

    The key may come while the voice still speaks. No speech is listened to: a key is never half sure.
    """
    response = VoiceResponse()
    gather = Gather(
        input="dtmf",
        num_digits=1,
        finish_on_key="",  # "#" is a key like the others
        timeout=seconds,
        action=action,
        method="POST",
        action_on_empty_result=True,
    )
    _say(gather, lines)
    response.append(gather)
    return str(response).encode()


def listen_for_number(lines: Iterable[Line], *, action: str, seconds: int) -> bytes:
    """Say something and wait for several keys, up to the hash; they are posted to `action`, silence is not."""
    response = VoiceResponse()
    gather = Gather(input="dtmf", finish_on_key="#", timeout=seconds, action=action, method="POST")
    _say(gather, lines)
    response.append(gather)
    response.hangup()
    return str(response).encode()


def end(lines: Iterable[Line] = ()) -> bytes:
    """Say something, or nothing, and hang up."""
    response = VoiceResponse()
    _say(response, lines)
    response.hangup()
    return str(response).encode()


def call(account: Account, *, from_: str, to: str, url: str, status_callback: str) -> str:
    """Have Twilio call somebody and ask `url` what to say; returns the CallSid. Raises SendError."""
    return twilio.create(
        account,
        lambda client: client.calls.create(
            from_=from_,
            to=to,
            url=url,
            method="POST",
            status_callback=status_callback,
            status_callback_method="POST",
            machine_detection="Enable",
            timeout=RINGS,
            time_limit=LONGEST_CALL,
        ),
    )


def _say(verb: VoiceResponse | Gather, lines: Iterable[Line]) -> None:
    for language, text in lines:
        name, voice = VOICES[language]
        for start in range(0, len(text), LONGEST_LINE):
            verb.say(text[start : start + LONGEST_LINE], language=name, voice=voice)
