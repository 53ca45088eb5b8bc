"""Writing on a sandbox phone: the message goes to our real webhook, and the reply comes back to the phone."""

from dataclasses import replace

from consent.providers import sandbox as provider
from consent.sandbox import phones
from consent.sandbox.phones import Exchange, Kind, Message, Phone


def write(phone: Phone, *, to: str, text: str) -> Message:
    """Write an SMS on a phone. Never raises for what the server does with it; that is kept beside it."""
    message = Message(sid=provider.new_sid(), kind=Kind.WRITTEN, number=phone.number, sender=to, text=text)
    phones.keep(message)  # before it is sent, so that it stands above its reply
    return _send(message)


def again(message: Message) -> Message:
    """Send a message that did not get through once more: the same one, with the same id."""
    return _send(message)


def _send(message: Message) -> Message:
    called = provider.write(sid=message.sid, from_=message.number, to=message.sender, body=message.text)
    exchange = Exchange(
        line=f"POST {called.url}",
        headers={"X-Twilio-Signature": called.signature},
        fields=called.fields,
        status=called.status,
        answer=called.answer,
    )
    sent = replace(message, exchange=exchange)
    phones.keep(sent)
    if called.is_delivered:
        for number, reply in enumerate(provider.replies(called.answer)):
            phones.keep(
                Message(
                    # At Twilio a reply has an id of its own; ours is the same when the message is sent again.
                    sid=f"{message.sid}-{number}",
                    kind=Kind.RECEIVED,
                    number=message.number,
                    sender=message.sender,
                    text=reply,
                    exchange=exchange,
                )
            )
    return sent
