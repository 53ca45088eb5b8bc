"""Other people's APIs: the only place that speaks to them.

Imported as `providers`: `providers.send(sender, content)`.
"""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from consent.models import Sender
from consent.outgoing import Outgoing
from consent.providers import accounts, meta, meta_numbers, twilio, twilio_voice, webhooks
from consent.providers.accounts import Account
from consent.providers.errors import Refused, SendError
from consent.vocabulary import Channel

__all__ = ["Account", "Refused", "SendError", "belongs", "credentials", "is_at_meta", "send"]


def send(sender: Sender, content: Outgoing, *, message: UUID | None = None) -> str:
    """Hand one message or call to the sender's provider; returns the provider's id of it. Raises SendError.

    `message` is our own id of it. Status callbacks name it, so that one that overtakes our own answer, or
    belongs to a message of which we only know that it was perhaps sent, still finds its row.
    """
    if is_at_meta(sender):
        return meta.send(meta_numbers.of(sender), content, message=message)
    ours = f"?message={message.hex}" if message else ""
    if content.call:
        return twilio_voice.call(
            credentials(sender), from_=sender.address, to=content.to.value,
            url=f"{settings.OPTIN_PUBLIC_URL}{content.call}{ours}",
            status_callback=f"{settings.OPTIN_PUBLIC_URL}{webhooks.VOICE_STATUS}{ours}",
        )  # fmt: skip
    callback = f"{settings.OPTIN_PUBLIC_URL}{webhooks.STATUS}{ours}"
    prefix = "whatsapp:" if sender.channel == Channel.WHATSAPP else ""
    # The sandbox is an account of its own behind the same library; see `sandbox`.
    return twilio.send(
        credentials(sender),
        content,
        from_=f"{prefix}{sender.address}",
        to=f"{prefix}{content.to.value}",
        status_callback=callback,
    )


def is_at_meta(sender: Sender) -> bool:
    """Whether a sender speaks Meta's API; one of the sandbox does where it has an id as Meta gives them."""
    return sender.provider == "meta" or (sender.provider == "sandbox" and bool(sender.number_id))


def credentials(sender: Sender) -> Account:
    """The account a sender belongs to, with its tokens opened. Raises SendError where there is none."""
    return accounts.of(sender)


def belongs(sender: Sender, parameters: Mapping[str, str]) -> bool:
    """Whether a sender belongs to the account that parameters come from: an account speaks for its own senders only.

    What came while nobody had the number belongs to whoever has the token that signed it, and not to somebody else
    who enters the number and the id of the account, which is no secret.
    """
    try:
        account = credentials(sender)
    except SendError:
        return False
    if is_at_meta(sender) or account.sid != parameters["AccountSid"]:
        return False
    signed_by = parameters.get(twilio.SIGNED_BY)
    return signed_by is None or signed_by in map(accounts.mark, account.tokens)
