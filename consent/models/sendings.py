"""What programs say they have sent: counted for the limits on offers a person gets."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company, Purpose
from consent.vocabulary import Channel


class Sending(models.Model):
    """One message that a program of the company sent to somebody; kept for as long as a limit looks back."""

    id = models.UUIDField(primary_key=True)  # made from the Idempotency-Key: told twice, counted once
    company = models.ForeignKey(Company, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    subject = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    purpose = models.ForeignKey(Purpose, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    digest = models.BinaryField(
        max_length=32
    )  # keyed hash of what was told, to tell a repetition from another one
    sent_at = models.DateTimeField()

    class Meta:
        verbose_name = _("message sent by a program")
        verbose_name_plural = _("messages sent by programs")
        indexes = [
            models.Index(fields=["subject", "sent_at"], name="sendings_to_a_person"),
            models.Index(fields=["company", "channel", "sent_at"], name="sendings_of_a_company"),
        ]
