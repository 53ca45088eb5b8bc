"""What a person does in the conversations on a sandbox phone: each goes to our real webhook."""

import json
from dataclasses import replace

from django.conf import settings
from django.utils.translation import gettext as _

from consent import providers
from consent.models import Sender
from consent.providers import sandbox as provider
from consent.providers import sandbox_meta, sandbox_twilio, twilio_messages, webhooks
from consent.sandbox import network, phones, wire
from consent.sandbox.items import Button, Exchange, Kind, Message, Phone, Trouble
from consent.vocabulary import Channel


def write(phone: Phone, *, sender: Sender, text: str) -> Message:
    """Write to one of our numbers. Never raises for what the server does with it; that is kept beside it."""
    message = _new(phone, sender, text)
    number, to = phone.number, sender.address
    if network.is_at_meta(message):
        update = sandbox_meta.text(wamid=message.sid, from_=number, to=to, text=text)
        return _post(_with_update(message, update))
    form = sandbox_twilio.whatsapp if sender.channel == Channel.WHATSAPP else sandbox_twilio.sms
    return _post(_with_form(message, form(sid=message.sid, from_=number, to=to, text=text)))


def press(phone: Phone, *, sender: Sender, message: Message, button: Button) -> Message:
    """Press a button under a message: it is written as an answer that carries what the button carried."""
    phones.change(message, lambda now: replace(now, pressed=button.payload))
    answer = _new(phone, sender, button.title)
    if button.answers_flow:
        said, _space, token = button.payload.partition(" ")
        update = sandbox_meta.flow(
            wamid=answer.sid, from_=phone.number, to=sender.address, answer=said, token=token,
            replied=message.sid,
        )  # fmt: skip
        return _post(_with_update(answer, update))
    if network.is_at_meta(answer):
        update = sandbox_meta.pressed(
            wamid=answer.sid, from_=phone.number, to=sender.address, text=button.title, payload=button.payload,
            replied=message.sid, is_template=message.is_template,
        )  # fmt: skip
        return _post(_with_update(answer, update))
    fields = sandbox_twilio.whatsapp(
        sid=answer.sid, from_=phone.number, to=sender.address, text=button.title, payload=button.payload,
        replied=message.sid,
    )  # fmt: skip
    return _post(_with_form(answer, fields))


def set_offers(phone: Phone, *, sender: Sender, are_stopped: bool) -> Message:
    """Stop a company's offers in WhatsApp itself, or let them through again. Meta tells; Twilio does not."""
    phones.trouble(phone, Trouble.NO_OFFERS, is_on=are_stopped)
    text = _("You stopped offers of this business.") if are_stopped else _("You let offers through again.")
    note = replace(_new(phone, sender, text), is_note=True)
    if not network.is_at_meta(note):
        phones.keep(note)
        return note
    value = "stop" if are_stopped else "resume"
    return _post(
        _with_update(note, sandbox_meta.preference(from_=phone.number, to=sender.address, value=value))
    )


def again(message: Message) -> Message:
    """Send what did not get through once more: the same, with the same id."""
    return _post(message)


def _new(phone: Phone, sender: Sender, text: str) -> Message:
    sid = provider.new_wamid() if providers.is_at_meta(sender) else provider.new_sid()
    return Message(
        sid=sid,
        kind=Kind.WRITTEN,
        channel=sender.channel,
        number=phone.number,
        sender=sender.address,
        text=text,
    )


def _with_form(message: Message, fields: dict[str, str]) -> Message:
    line = f"POST {settings.OPTIN_PUBLIC_URL}{webhooks.MESSAGES}"
    return replace(message, wire=(Exchange(line=line, fields=fields),))


def _with_update(message: Message, update: dict[str, object]) -> Message:
    line = f"POST {settings.OPTIN_PUBLIC_URL}{webhooks.META}"
    return replace(message, wire=(Exchange(line=line, body=json.dumps(update)),))


def _post(message: Message) -> Message:
    """Hand what is on the wire to our webhook, and lay the reply on the phone."""
    phones.keep(message)  # before it is sent, so that it stands above its reply
    if Trouble.CUT in phones.troubles(message.number):
        cut = replace(message.exchange, status=0, answer="sandbox.cut")
        return phones.change(message, lambda now: replace(now, wire=(cut,)))
    asked = message.exchange
    if network.is_at_meta(message):
        called = wire.told(provider.notify(json.loads(asked.body)))
    else:
        called = wire.told(provider.call(settings.OPTIN_PUBLIC_URL + webhooks.MESSAGES, asked.fields))
    state = "delivered" if called.is_fine else ""
    sent = phones.change(message, lambda now: replace(now, wire=(called,), state=now.state or state))
    if called.is_fine and not network.is_at_meta(message):
        for number, reply in enumerate(twilio_messages.replies(called.answer)):
            phones.keep(
                Message(
                    # At Twilio a reply has an id of its own; ours is the same when the message is sent again.
                    sid=f"{message.sid}-{number}",
                    kind=Kind.RECEIVED,
                    channel=message.channel,
                    number=message.number,
                    sender=message.sender,
                    text=reply,
                    wire=(called,),
                )
            )
    return sent
