"""What auditors do: a random sample of records, drawn so that it can be drawn again, and what they found."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard
from consent.models.companies import Company
from consent.models.records import ConsentRecord


class AuditSample(AppendOnly):
    """Which records of a company were drawn: everything one needs to draw the same again."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    until = models.DateTimeField(_("recorded before"))  # what came later is not among those drawn from
    asked = models.PositiveSmallIntegerField(_("how many records"))
    seed = models.CharField(_("seed"), max_length=40)
    population = models.PositiveBigIntegerField(_("drawn from"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name=_("drawn by"))
    drawn_at = models.DateTimeField(_("drawn"))

    class Meta:
        verbose_name = _("audit sample")
        verbose_name_plural = _("audit samples")
        ordering = ["-drawn_at"]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day} · {self.seed}"


class AuditItem(AppendOnly):
    """One record of a sample, in the order in which it was drawn."""

    sample = models.ForeignKey(AuditSample, on_delete=models.PROTECT, related_name="items")
    number = models.PositiveSmallIntegerField()
    record = models.ForeignKey(ConsentRecord, on_delete=models.PROTECT)

    class Meta:
        verbose_name = _("record of a sample")
        verbose_name_plural = _("records of a sample")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["sample", "number"], name="one_audit_item")]


class AuditFinding(AppendOnly):
    """What an auditor says of one record, for good; another finding may follow it."""

    class Verdict(models.TextChoices):
        IN_ORDER = "in_order", _("in order")
        REMARK = "remark", _("in order, with a remark")
        FAULT = "fault", _("not in order")

    item = models.ForeignKey(AuditItem, on_delete=models.PROTECT, related_name="findings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    verdict = models.CharField(_("finding"), max_length=8, choices=Verdict.choices)
    text = models.CharField(_("in words"), max_length=1000, blank=True)
    written_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("audit finding")
        verbose_name_plural = _("audit findings")
        ordering = ["written_at"]


guard("consent_auditsample")
guard("consent_audititem")
guard("consent_auditfinding")
