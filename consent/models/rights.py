"""What people ask of a company about their data, and what must not be erased for now."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company
from consent.vocabulary import Language, Possession


class RightsRequest(models.Model):
    """One request by one person, with the day by which the law wants it answered (LGPD art. 18, GDPR art. 15-21)."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("everything you hold about me")
        CORRECTION = "correct", _("correct my name")
        ERASURE = "erase", _("erase everything about me")
        OBJECTION = "object", _("stop using my data")
        SHARING = "sharing", _("with whom you share my data")

    class State(models.TextChoices):
        OPEN = "open", _("waits for an answer")
        EXTENDED = "extended", _("takes longer")
        DONE = "done", _("answered")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    subject = models.UUIDField(_("person"), db_index=True)
    kind = models.CharField(_("what is asked"), max_length=8, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    possession = models.CharField(_("proof of the number"), max_length=8, choices=Possession.choices)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    sealed = models.BinaryField(default=b"")  # what the person wrote, under their key
    answer = models.BinaryField(default=b"")  # what they were answered, under their key
    made_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"))
    closed_at = models.DateTimeField(_("answered"), null=True)
    decided_by = models.CharField(_("decided by"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("request about data")
        verbose_name_plural = _("requests about data")
        ordering = ["due_at"]
        indexes = [models.Index(fields=["company", "due_at"], name="rights_by_due_day")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {str(self.pk)[-8:]}"


class LegalHold(models.Model):
    """While it lasts nobody erases this person: a court, an authority or a claim needs what is held."""

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    subject = models.UUIDField(_("person"), db_index=True)
    reason = models.CharField(_("reason"), max_length=300, help_text=_("For staff; no names or numbers."))
    since = models.DateTimeField(_("since"))
    by = models.CharField(_("set by"), max_length=40)
    ended_at = models.DateTimeField(_("lifted"), null=True)
    ended_by = models.CharField(_("lifted by"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "subject"], condition=models.Q(ended_at=None), name="one_legal_hold"
            )
        ]
