"""Who is told of what changes, how far they have come, and how each attempt went."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company, Sender


def every_event() -> list[str]:
    """What a subscriber is told of unless less is chosen."""
    return list(Subscription.Event.values)


class Subscription(models.Model):
    """Another system that is told what changes, in the order of the log."""

    class Kind(models.TextChoices):
        WEBHOOK = "webhook", _("webhook")
        RAPIDPRO = "rapidpro", "RapidPro / Weni"
        TWILIO = "twilio", _("Twilio's list of consents")

    class State(models.TextChoices):
        ON = "on", _("on")
        OFF = "off", _("stopped")
        FAILED = "failed", _("gave up")

    class Event(models.TextChoices):
        REQUESTED = "requested", _("somebody was asked")
        GIVEN = "given", _("a consent was given")
        REFUSED = "refused", _("an ask was refused")
        WITHDRAWN = "withdrawn", _("a consent was withdrawn")
        REVOKED = "revoked", _("a consent was revoked by the company")
        INVALIDATED = "invalidated", _("a consent was found invalid")
        LAPSED = "lapsed", _("a consent lapsed: no contact for long")
        ERASED = "erased", _("a person was erased")
        QUALITY = "quality", _("the quality of a number changed")

    company = models.ForeignKey(Company, on_delete=models.CASCADE, verbose_name=_("company"))
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.WEBHOOK)
    events: Any = models.JSONField(_("is told that"), default=every_event)
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("sender")
    )
    sealed = models.BinaryField(editable=False)  # its address and what opens it
    # The next entry of the log it is told of, and up to which stopped contacts came back from it.
    position = models.PositiveBigIntegerField(_("is told from entry"), default=0)
    pulled_until = models.DateTimeField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.ON)
    due_at = models.DateTimeField(editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=80, blank=True, editable=False)
    # When staff are to be written to because it was given up; None where they need not be.
    mail_due_at = models.DateTimeField(null=True, editable=False)
    told_at = models.DateTimeField(_("last told"), null=True, editable=False)

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["company", "name"]

    def __str__(self) -> str:
        return self.name


class Attempt(models.Model):
    """One attempt to tell a subscriber: of which entries, when, and what came back."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="attempts")
    first = models.PositiveBigIntegerField(_("from entry"))
    last = models.PositiveBigIntegerField(_("to entry"))
    events = models.PositiveIntegerField(_("changes"))
    at = models.DateTimeField(_("at"))
    milliseconds = models.PositiveIntegerField(_("took, in ms"))
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    trouble = models.CharField(_("trouble"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("attempt to tell a subscriber")
        ordering = ["-id"]
