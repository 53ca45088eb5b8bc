"""That a contact cannot be reached on a channel, or less than usual: no word of its person, and no withdrawal."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company
from consent.vocabulary import Channel


class ContactTrouble(models.Model):
    """What a provider said why messages do not get through. Whether it lasts is computed: see `reach`."""

    class Kind(models.TextChoices):
        UNREACHABLE = "unreachable", _("not reachable")
        LIMITED = "limited", _("reachable less than usual")

    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    subject = models.UUIDField()
    number_key = models.BinaryField(max_length=32)  # as in OutboundMessage
    channel = models.CharField(max_length=8, choices=Channel.choices)
    kind = models.CharField(max_length=11, choices=Kind.choices)
    cause = models.CharField(max_length=20)  # the provider's code
    times = models.PositiveIntegerField(default=1)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    until = models.DateTimeField(null=True)  # None where the provider names no end

    class Meta:
        verbose_name = _("trouble with a contact")
        verbose_name_plural = _("troubles with contacts")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "number_key", "channel", "kind"], name="one_trouble_of_a_kind"
            )
        ]
        indexes = [models.Index(fields=["subject", "channel"], name="troubles_of_a_person")]
