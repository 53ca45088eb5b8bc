"""Calls on a sandbox phone: made, picked up, listened to, answered with keys, and ended."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.providers import sandbox as provider
from consent.providers import sandbox_twilio as forms
from consent.providers import webhooks
from consent.sandbox import phones, twiml, wire
from consent.sandbox.items import Call, Kind, Line, Phone, Trouble
from consent.vocabulary import Channel

KEYS = "0123456789*#"
MOST_SCRIPTS = 20  # fetched without anybody doing anything: a script that leads to itself ends
ENDINGS = {
    "completed": "completed",
    "busy": "completed",
    "no-answer": "completed",
    "failed": "completed",
    "canceled": "completed",
}
EVENTS = {"queued": "initiated", "ringing": "ringing", "in-progress": "answered", **ENDINGS}


def dial(phone: Phone, *, to: str, is_hidden: bool) -> Call:
    """Have a phone call one of our numbers, which answers at once."""
    call = Call(
        sid=provider.new_sid("CA"),
        kind=Kind.CALL,
        channel=Channel.VOICE,
        number=phone.number,
        sender=to,
        is_hidden=is_hidden,
        url=settings.OPTIN_PUBLIC_URL + webhooks.VOICE,
        callback=settings.OPTIN_PUBLIC_URL + webhooks.VOICE_STATUS,
        events=("completed",),
    )
    phones.keep(call)
    if Trouble.CUT in phone.troubles:
        return _write(replace(call, state="failed", lines=(Line(who="note", text=_("No network.")),)))
    return _run(_fetch(call, call.url))


def accept(call: Call, *, by: str = "human") -> Call:
    """Pick up a call that rings; `by` a machine, it answers as machines do: with a text, and no key."""
    if not call.rings:
        return call
    heard = call.lines
    if by != "human":
        heard = (*heard, Line(who="note", text=_("The machine says: Please leave a message after the tone.")))
    answered = replace(call, state="in-progress", lines=heard, began=_now(), answered_by=_detected(call, by))
    told = _tell(_write(answered))
    call = _run(told if told.script else _fetch(told, told.url))
    while by != "human" and call.gather:
        call = stay_silent(call)
    return call


def decline(call: Call) -> Call:
    """Refuse a call that rings."""
    return _end(call, "busy") if call.rings else call


def press(call: Call, key: str) -> Call:
    """Press a key. It is handed in once as many were pressed as are waited for, or the one that ends them."""
    if call.state != "in-progress" or key not in KEYS or not key:
        return call
    call = replace(call, lines=(*call.lines, Line(who="keys", text=key)))
    if not call.gather:
        return _write(call)
    is_last = key == call.gather["finish"]
    call = replace(call, keys=call.keys + ("" if is_last else key))
    if is_last or len(call.keys) == call.gather["digits"]:
        return _hand_in(call)
    return _write(call)


def stay_silent(call: Call) -> Call:
    """Let the time for keys pass."""
    if call.state != "in-progress" or not call.gather:
        return call
    if call.keys or call.gather["on_empty"]:
        return _hand_in(call)
    note = _("%(seconds)s seconds of silence") % {"seconds": call.gather["timeout"]}
    return _run(replace(call, gather={}, lines=(*call.lines, Line(who="note", text=note))))


def hang_up(call: Call) -> Call:
    """End a call that goes on."""
    return _end(call, "completed") if call.state == "in-progress" else call


def go_on(call: Call) -> None:
    """What the network does with a call that nobody touches: it begins to ring, and stops ringing."""
    if call.state == "queued":
        told = _tell(call)
        if Trouble.UNREACHABLE in phones.troubles(call.number):
            _end(told, "failed")
            return
        # Told before it rings, so that nobody picks up meanwhile.
        ringing = _tell(replace(told, state="ringing"))
        phones.keep(ringing, due_at=timezone.now() + timedelta(seconds=call.timeout))
    elif call.rings:
        _end(call, "no-answer")


def _hand_in(call: Call) -> Call:
    keys, action = call.keys, call.gather["action"]
    more = {"Digits": keys, "FinishedOnKey": "", "msg": "Gather End"}
    return _run(_fetch(replace(call, keys="", gather={}), action, more))


def _run(call: Call) -> Call:
    """Follow the script until keys are waited for or it is over."""
    for _time in range(MOST_SCRIPTS):
        if call.state != "in-progress":
            return call
        try:
            step = twiml.step(call.script, place=call.place, url=call.url)
        except twiml.Unreadable:
            sorry = "We are sorry, an application error has occurred. Goodbye."  # Twilio's own words
            note = Line(who="voice", text=sorry, language="en-US")
            return _end(replace(call, lines=(*call.lines, note)), "completed")
        call = replace(call, place=step.place, lines=(*call.lines, *step.lines))
        if step.gather:
            return _write(replace(call, gather=asdict(step.gather)))
        if not step.redirect:
            return _end(call, "completed")
        call = _fetch(call, step.redirect)
    return _end(call, "completed")


def _fetch(call: Call, url: str, more: Mapping[str, str] | None = None) -> Call:
    """Ask the product what to say; whatever it answers is the script now."""
    asked = {**(more or {})}
    if call.answered_by:
        asked["AnsweredBy"] = call.answered_by
    called = provider.call(url, _fields(call, call.state, asked))
    state, began = ("in-progress", call.began or _now()) if call.is_alive else (call.state, call.began)
    script = called.answer if called.is_delivered else ""
    return replace(
        call, state=state, began=began, script=script, place=0, url=url, wire=call.wired(wire.told(called))
    )


def _end(call: Call, state: str) -> Call:
    note = Line(who="note", text=ended(state))
    over = replace(call, state=state, gather={}, keys="", script="", lines=(*call.lines, note))
    return _write(_tell(_write(over)))


def ended(state: str) -> str:
    """How a call ended, in words."""
    words = {
        "completed": _("The call has ended."),
        "busy": _("Declined."),
        "no-answer": _("Nobody picked up."),
        "failed": _("The number could not be reached."),
    }
    return words.get(state, state)


def _tell(call: Call) -> Call:
    """Call back, where the product asked to be told about what happens now."""
    if not call.callback or EVENTS[call.state] not in call.events:
        return call
    seconds = max(0, _now() - call.began) if call.began else 0
    progress = forms.progress(sequence=call.sequence, seconds=seconds if call.state in ENDINGS else None)
    if call.answered_by:
        progress["AnsweredBy"] = call.answered_by
    state = "initiated" if call.state == "queued" else call.state
    called = provider.call(call.callback, _fields(call, state, progress))
    return replace(call, sequence=call.sequence + 1, wire=call.wired(wire.told(called)))


def _fields(call: Call, status: str, more: Mapping[str, str]) -> dict[str, str]:
    phone = forms.HIDDEN if call.is_hidden else call.number
    from_, to = (call.sender, call.number) if call.is_incoming else (phone, call.sender)
    return forms.voice(sid=call.sid, from_=from_, to=to, status=status, direction=call.direction, more=more)


def _detected(call: Call, by: str) -> str:
    if not call.detects:
        return ""
    if by == "human":
        return "human"
    return "machine_end_beep" if call.detects == "DetectMessageEnd" else "machine_start"


def _write(call: Call) -> Call:
    phones.keep(call)
    return call


def _now() -> int:
    return int(timezone.now().timestamp())
