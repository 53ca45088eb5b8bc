"""What keeps offers from a person whatever they agreed to: words that may be a stop, a block of the platform."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company, Sender
from consent.vocabulary import Channel


class Hold(models.Model):
    """While it lasts no marketing goes to this person on this channel; the decision names it.

    It is no consent record: nobody has said anything that is beyond doubt. What ends it is one.
    """

    class Kind(models.TextChoices):
        UNSURE = "unsure", _("may be a stop")
        BLOCKED = "blocked", _("blocked by the person at the platform")

    class Ending(models.TextChoices):
        STOP = "stop", _("it was a stop")
        GO_ON = "go_on", _("it was no stop")
        SAID = "said", _("the person said it clearly")
        RESUMED = "resumed", _("the person lifted it at the platform")

    id = models.UUIDField(primary_key=True)  # made from the reference: the same message holds once
    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, verbose_name=_("sender"))
    subject = models.UUIDField(_("person"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    sealed = models.BinaryField(default=b"")  # the message and its evidence, under the person's key
    said_at = models.DateTimeField(_("said"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    ending = models.CharField(_("how it ended"), max_length=8, choices=Ending.choices, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("message to judge")
        verbose_name_plural = _("messages to judge")
        ordering = ["-said_at"]
        indexes = [
            models.Index(fields=["subject", "channel"], name="holds_of_a_person"),
            models.Index(fields=["said_at"], condition=models.Q(ended_at=None), name="holds_that_last"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {str(self.pk)[-8:]}"
