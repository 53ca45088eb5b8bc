"""What goes out and what came in: rows with a state and a lease, sealed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company, Sender


class OutboundMessage(models.Model):
    """One message to one person; queued with the record it belongs to, sent by the worker."""

    class Kind(models.TextChoices):
        ASK = "ask", _("asks for confirmation")
        INVITE = "invite", _("asks whoever wrote first")
        RECEIPT = "receipt", _("receipt")
        REPLY = "reply", _("reply")
        CODE = "code", _("code for the preference centre")
        RENEW = "renew", _("says that a consent ends, and how to keep it")
        AGAIN = "again", _("asks again: the notice means something else now")
        SUMMARY = "summary", _("says once a year what somebody agreed to")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired unsent")
        UNCERTAIN = "uncertain", _("perhaps sent")

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("company")
    )
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("sender")
    )
    subject = models.UUIDField(db_index=True)
    act = models.UUIDField(db_index=True)
    number_key = models.BinaryField(
        max_length=32
    )  # keyed hash of the number across companies: the budget's key
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    sealed = models.BinaryField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True)
    read_at = models.DateTimeField(_("read"), null=True)  # as far as the channel tells
    # What it is taken to have cost while `sent_at` says that it left or may have: by the price when it was claimed.
    cost = models.DecimalField(_("cost"), max_digits=8, decimal_places=4, default=0, db_default=0)
    provider_id = models.CharField(_("id at the provider"), max_length=80, blank=True)
    error = models.CharField(_("error"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="messages_due"),
            models.Index(fields=["number_key", "sent_at"], name="messages_to_a_number"),
            models.Index(fields=["company", "sent_at"], name="messages_of_a_company"),
            models.Index(
                fields=["provider_id"], condition=~models.Q(provider_id=""), name="message_by_provider_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {str(self.pk)[-8:]}"


class InboundMessage(models.Model):
    """What a provider delivered, stored sealed and raw before it is understood."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        ANSWERED = "answered", _("answered")
        KEPT = "kept", _("kept, says nothing about consent")
        UNROUTED = "unrouted", _("for a number that is not ours")
        UNREADABLE = "unreadable", _("not understood")
        CONFLICT = "conflict", _("same id, other content")

    id = models.UUIDField(primary_key=True)
    event = models.BinaryField(max_length=32)  # keyed hash of provider, account and the provider's own id
    provider = models.CharField(_("provider"), max_length=16)
    door = models.CharField(_("about"), max_length=16, default="", blank=True)  # which webhook it came to
    # None until it is known whose number was written to.
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, null=True, db_index=False, verbose_name=_("sender")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    sealed = models.BinaryField()
    digest = models.BinaryField(max_length=32)
    answer = models.BinaryField(default=b"")
    number_key = models.BinaryField(max_length=32, default=b"")
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("incoming message")
        verbose_name_plural = _("incoming messages")
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["event"], condition=~models.Q(state="conflict"), name="one_message_per_event"
            )
        ]
        indexes = [
            models.Index(fields=["number_key", "received_at"], name="messages_from_a_number"),
            models.Index(
                fields=["received_at"], condition=models.Q(state="received"), name="messages_unanswered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {str(self.pk)[-8:]}"
