"""Lists that are brought in: sealed in parts until they are recorded or undone, with a verdict for each row."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company


class Import(models.Model):
    """One file with old consents or opt-outs, on its way to becoming records."""

    class Kind(models.TextChoices):
        CLAIMS = "claims", _("old consents")
        OPT_OUTS = "opt_outs", _("opt-outs")
        LEDGER = "ledger", _("records of another installation")

    class State(models.TextChoices):
        READING = "reading", _("being read")
        MAPPING = "mapping", _("columns to be chosen")
        CHECKING = "checking", _("dry run")
        CHECKED = "checked", _("to be decided")
        APPROVAL = "approval", _("waits for a second person")
        COMMITTING = "committing", _("being recorded")
        DONE = "done", _("recorded")
        UNDONE = "undone", _("undone")

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    kind = models.CharField(_("what it holds"), max_length=8, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READING)
    entity = models.CharField(_("brought in by"), max_length=40)
    committed_by = models.CharField(_("recorded by"), max_length=40, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=40, blank=True)
    digest = models.BinaryField(max_length=32)  # keyed: the same file again
    columns = models.BinaryField(max_length=32)  # keyed: a file with the same columns
    sealed = models.BinaryField()  # its name, its headings and what each column means
    rows = models.PositiveIntegerField(_("rows"), default=0)
    position = models.PositiveIntegerField(default=0)  # parts that the present step is done with
    counts: Any = models.JSONField(default=dict)  # of the verdicts of the present step
    created_at = models.DateTimeField(_("brought in"))
    started_at = models.DateTimeField(null=True)  # since when it is being recorded
    ended_at = models.DateTimeField(_("ended"), null=True)
    lease_until = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=12, blank=True)  # why the worker does not get on with it

    class Meta:
        verbose_name = _("imported list")
        verbose_name_plural = _("imported lists")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "digest"],
                condition=~models.Q(state__in=["done", "undone"]),
                name="one_import_of_a_file",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.pk)[-8:]}"


class ImportErasure(models.Model):
    """Somebody was erased whose rows may lie in a list that is not recorded yet; gone once they are dropped."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="erasures")
    lookup = models.BinaryField(max_length=32)  # keyed, as contacts are found

    class Meta:
        verbose_name = _("person to be dropped from an imported list")


class ImportPart(models.Model):
    """Some of the rows, sealed until the list is recorded or undone, and what became of each."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    sealed = models.BinaryField()
    verdicts: Any = models.JSONField(default=list)  # [row number, verdict] each

    class Meta:
        verbose_name = _("part of an imported list")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_part_of_an_import")]


class ImportFile(models.Model):
    """A scan or recording that rows name as their evidence, sealed until then."""

    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="files")
    name = models.BinaryField(max_length=32)  # keyed hash: a name may be a person's
    media_type = models.CharField(max_length=60)
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("file of an imported list")
        constraints = [models.UniqueConstraint(fields=["batch", "name"], name="one_file_of_a_name")]
