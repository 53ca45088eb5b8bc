"""The vault: everything personal, sealed; no foreign keys, so that it can move to a database of its own."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard


class SubjectKey(models.Model):
    """The key that everything about one person is sealed with; destroying it is the erasure."""

    subject = models.UUIDField(primary_key=True)
    company = models.PositiveBigIntegerField(db_index=True)
    wrapped = models.BinaryField()

    class Meta:
        verbose_name = _("subject key")


class ContactPoint(models.Model):
    """How a person is reached: found by keyed hash, read only by opening the seal.

    Somebody whom we met twice before we knew it has two ids. Each of their contacts then leads to both (ADR-0008):
    to the one that new records get, and by a row that `is_former` to the other, whose records count as well.
    """

    id = models.UUIDField(primary_key=True)
    subject = models.UUIDField(db_index=True)
    company = models.PositiveBigIntegerField()
    scheme = models.CharField(max_length=20)
    lookup = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    is_former = models.BooleanField(default=False, db_default=False)
    # Since when it does not lead to this person any more; the hash under which it was found is gone then.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("contact point")
        constraints = [
            models.UniqueConstraint(
                fields=["lookup"],
                condition=models.Q(is_former=False, ended_at=None),
                name="one_subject_per_contact",
            )
        ]
        indexes = [models.Index(fields=["lookup"], name="contacts_by_hash")]


class Evidence(AppendOnly):
    """What would convince an auditor of one act, sealed; erased with its person."""

    act = models.UUIDField(primary_key=True)
    subject = models.UUIDField(db_index=True)
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("evidence")


class EvidenceFile(AppendOnly):
    """A scan or recording that belongs to an act's evidence, sealed."""

    id = models.UUIDField(primary_key=True)
    act = models.UUIDField(db_index=True)
    subject = models.UUIDField(db_index=True)
    name = models.CharField(max_length=80)
    media_type = models.CharField(max_length=60)
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("evidence file")


class Erased(AppendOnly):
    """That a person was erased, when and by whom: all that stays of them beside their records."""

    subject = models.UUIDField(primary_key=True)
    company = models.PositiveBigIntegerField()
    entry = models.UUIDField()  # in the log
    entity = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")


class CodeTry(models.Model):
    """How often a code was guessed for an act; counted before it is compared."""

    act = models.UUIDField(primary_key=True)
    tries = models.PositiveSmallIntegerField(default=0)
    first_at = models.DateTimeField()

    class Meta:
        verbose_name = _("code try")


# Evidence never changes; it can only go, and only once its key is gone (erasure, ADR-0003).
_GONE = "NOT EXISTS (SELECT 1 FROM consent_subjectkey k WHERE k.subject = OLD.subject)"
guard("consent_evidence", delete=_GONE)
guard("consent_evidencefile", delete=_GONE)
guard("consent_erased")
