"""TwiML is followed as Twilio follows it."""

import pytest

from consent.sandbox import twiml
from consent.sandbox.items import Line

URL = "https://optin.test/hooks/twilio/voice/?step=1"


def voice(text: str, language: str = "en-US") -> Line:
    return Line(who="voice", text=text, language=language)


def test_keys_are_waited_for_after_everything_before_and_within_was_said() -> None:
    script = (
        '<Response><Say language="pt-BR">Olá</Say><Pause length="1"/>'
        '<Gather numDigits="1" timeout="6" action="?step=2" finishOnKey="" actionOnEmptyResult="true">'
        '<Say language="pt-BR">Digite 1</Say><Pause/><Say>or 2</Say></Gather><Say>Bye</Say></Response>'
    )

    step = twiml.step(script, place=0, url=URL)

    assert step.lines == (voice("Olá", "pt-BR"), voice("Digite 1", "pt-BR"), voice("or 2"))
    assert step.gather == twiml.Gather(
        action="https://optin.test/hooks/twilio/voice/?step=2", digits=1, timeout=6, finish="", on_empty=True
    )
    assert twiml.step(script, place=step.place, url=URL).lines == (voice("Bye"),)


def test_what_is_left_out_is_what_twilio_takes_for_it() -> None:
    gather = twiml.step("<Response><Gather/></Response>", place=0, url=URL).gather

    assert gather == twiml.Gather(action=URL, digits=0, timeout=5, finish="#", on_empty=False)


def test_a_redirect_leads_on_and_nothing_after_it_is_heard() -> None:
    step = twiml.step("<Response><Redirect> /x/ </Redirect><Say>No</Say></Response>", place=0, url=URL)

    assert (step.redirect, step.lines) == ("https://optin.test/x/", ())


@pytest.mark.parametrize("verb", ["Hangup", "Reject"])
def test_after_hanging_up_nothing_is_heard(verb: str) -> None:
    script = f"<Response><Say loop='2'>Bye</Say><{verb}/><Say>No</Say></Response>"

    step = twiml.step(script, place=0, url=URL)

    assert step.lines == (voice("Bye"), voice("Bye"))
    assert (step.gather, step.redirect) == (None, "")
    assert twiml.step(script, place=step.place, url=URL).lines == ()


def test_music_is_named_and_what_is_not_known_is_passed_over() -> None:
    script = "<Response><Play>/a.mp3</Play><Enqueue>x</Enqueue><Say>Hi</Say></Response>"

    assert [line.text for line in twiml.step(script, place=0, url=URL).lines] == ["♪ /a.mp3", "Hi"]


@pytest.mark.parametrize("script", ["", "<html>", "<html></html>", "503"])
def test_what_is_no_twiml_is_an_application_error(script: str) -> None:
    with pytest.raises(twiml.Unreadable):
        twiml.step(script, place=0, url=URL)
