"""What was decided: how often and why, day by day, and batches of single decisions whose digests are in the log."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard
from consent.models.companies import Company
from consent.vocabulary import Channel


class DecisionCount(models.Model):
    """How often a company's programs were answered for one reason on one day, by the company's clock."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, verbose_name=_("company"))
    day = models.DateField(_("day"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    reason = models.CharField(_("reason"), max_length=20)
    times = models.PositiveBigIntegerField(_("times"), default=0)

    class Meta:
        verbose_name = _("decisions of a day")
        verbose_name_plural = _("decisions")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "day", "channel", "reason"], name="one_count_of_a_day_and_reason"
            )
        ]


class DecisionBatch(AppendOnly):
    """The decisions of one company in about a minute of one process, as canonical JSON; its id is its log entry's."""

    ENTRY = "decisions"  # the type of the log entry, which holds the digest of the content

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    content = models.BinaryField()
    kept_at = models.DateTimeField()

    class Meta:
        verbose_name = _("batch of decisions")


guard("consent_decisionbatch")
