"""Who may work here: staff of companies, keys of programs, and who opened what."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard
from consent.models.companies import Company


class Membership(models.Model):
    """A staff member of a company; staff see only their companies, a superuser sees all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.CASCADE, related_name="memberships"
    )
    # By the company's clock; None for somebody who stays. An auditor's access ends by itself.
    last_day = models.DateField(_("last day of access"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} · {self.company}"


def every_scope() -> list[str]:
    """What a key may do unless it is made for less, or for more: whole lists in and out are asked for by name."""
    return [ApiKey.Scope.DECISIONS.value, ApiKey.Scope.CONSENTS.value, ApiKey.Scope.RECORDS.value]


class ApiKey(models.Model):
    """A program's key; only its hash is kept."""

    class Scope(models.TextChoices):
        DECISIONS = "decisions", _("ask whether a message may be sent")
        CONSENTS = "consents", _("show capture points, hand in consents and withdrawals")
        RECORDS = "records", _("read timelines, receipts and proofs")
        IMPORTS = "imports", _("bring in lists of old consents and opt-outs")
        EXPORTS = "exports", _("take out all records, with the numbers of people")

    class Alarm(models.TextChoices):
        ADDRESS = "address", _("it was sent in an address, where anybody may read it: replace it")
        STRANGERS = (
            "strangers",
            _("it asked about very many numbers that nobody knows: is somebody guessing?"),
        )

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(_("name"), max_length=80)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scopes = models.JSONField(_("may"), default=every_scope)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True, editable=False)  # it was replaced
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    alarm = models.CharField(
        _("alarm"), max_length=9, choices=Alarm.choices, blank=True, default="", editable=False
    )
    alarm_at = models.DateTimeField(_("alarm at"), null=True, blank=True, editable=False)  # the last time

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name


class Opening(AppendOnly):
    """Somebody opened sealed personal data: who, whose, what for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("opened by"), on_delete=models.PROTECT)
    # A delivery that was for no sender of ours belongs to no company and to nobody we know.
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, verbose_name=_("company"))
    subject = models.UUIDField(_("person"), null=True)
    act = models.UUIDField(_("act"), null=True)
    delivery = models.UUIDField(_("incoming message"), null=True)
    page = models.UUIDField(_("page of a batch"), null=True)
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)

    class Meta:
        verbose_name = _("opening of personal data")
        verbose_name_plural = _("openings of personal data")
        permissions = [
            ("open_personal_data", "Can open personal data"),
            ("erase_person", "Can erase a person"),
        ]
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return f"{self.user} · {str(self.subject or self.delivery)[-8:]}"


guard("consent_opening")
