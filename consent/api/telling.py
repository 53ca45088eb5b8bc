"""What programs tell of the messages they sent, so that nobody gets more offers than the company allows."""

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Header, Router, Schema, Status
from pydantic import ConfigDict, Field, StringConstraints

from consent import sendings
from consent.api import idempotency, moments, questions, v1
from consent.errors import BadInput
from consent.models import ApiKey, Purpose
from consent.vocabulary import Channel

router = Router(auth=v1.Key(ApiKey.Scope.DECISIONS.value), tags=["Decision"])


class Message(Schema):
    """One message that was sent."""

    model_config = ConfigDict(extra="forbid", strict=True)
    contact: Annotated[str, StringConstraints(max_length=100), Field(description="The phone number, with +.")]
    channel: Channel = Field(strict=False)
    purpose: Annotated[
        str,
        StringConstraints(pattern=r"^[-a-zA-Z0-9_]{1,40}$"),
        Field(description="The purpose's short name."),
    ]
    sent_at: str | None = Field(None, description="When, in ISO 8601 with a time zone; now.")


class Told(Schema):
    """Whether it was counted."""

    counted: bool


@router.post("/messages", response={201: Told}, summary="Tell that a message was sent")
@v1.parameters()
def messages(
    request: HttpRequest, idempotency_key: Annotated[str, Header(alias="Idempotency-Key")], payload: Message
) -> Status[Told]:
    """Count a message that you sent, for the company's limits on offers a day and a week. Told again with the same
    key it counts once. It counts for nobody where the company never heard of the contact, or after a week.
    """
    now = timezone.now()
    holder = v1.holder(request)
    contact = questions.read_contact(payload.contact)
    purpose = Purpose.objects.filter(company=holder.company, slug=payload.purpose).first()
    if purpose is None:
        raise BadInput("purpose.unknown", "The company has no purpose with this name.", pointer="purpose")
    sent_at = (
        moments.read(payload.sent_at, pointer="sent_at", now=now) if payload.sent_at is not None else None
    )
    key = idempotency.checked(idempotency_key)
    counted = sendings.tell(
        contact, purpose=purpose, channel=payload.channel, sent_at=sent_at, key=key, now=now
    )
    return Status(201, Told(counted=counted))
