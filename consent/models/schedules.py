"""Exports that are made by themselves, to a folder or a bucket."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company


class ExportSchedule(models.Model):
    """What is exported how often, and how the last time went."""

    class Every(models.TextChoices):
        DAY = "day", _("every day")
        WEEK = "week", _("every week")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        NDJSON = "ndjson", _("JSON lines")
        PARQUET = "parquet", "Parquet"

    company = models.ForeignKey(Company, on_delete=models.CASCADE, verbose_name=_("company"))
    every = models.CharField(_("how often"), max_length=4, choices=Every.choices, default=Every.WEEK)
    format = models.CharField(_("format"), max_length=7, choices=Format.choices, default=Format.CSV)
    with_contacts = models.BooleanField(
        _("with the numbers of people"),
        default=False,
        help_text=_("Without them nobody is found by number in it, and it cannot be brought in elsewhere."),
    )
    is_on = models.BooleanField(_("is on"), default=True)
    entity = models.CharField(max_length=40, editable=False)  # whoever set it up
    due_at = models.DateTimeField(_("next"), editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    last_name = models.CharField(_("last file"), max_length=120, blank=True, editable=False)
    last_at = models.DateTimeField(_("last made"), null=True, editable=False)
    trouble = models.CharField(_("trouble"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("scheduled export")
        verbose_name_plural = _("scheduled exports")

    def __str__(self) -> str:
        return f"{self.get_every_display()} · {self.get_format_display()}"
