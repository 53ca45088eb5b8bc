"""What is said to people: notices and their versions, frozen once published."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import guard
from consent.models.companies import Company
from consent.models.points import CapturePoint


class Notice(models.Model):
    """A statement with a name; what it says stands in its versions."""

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="notices"
    )
    slug = models.SlugField(_("short name"), max_length=40)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [models.UniqueConstraint(fields=["company", "slug"], name="notice_slug_in_company")]

    def __str__(self) -> str:
        return self.slug

    @property
    def current(self) -> "NoticeVersion | None":
        """The published version now shown; None when there is none."""
        return self.versions.filter(state=NoticeVersion.State.PUBLISHED).order_by("-major", "-minor").first()


class NoticeVersion(models.Model):
    """One version with all its languages and wordings: {language: {wording: text}}."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    notice = models.ForeignKey(
        Notice, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="versions"
    )
    major = models.PositiveSmallIntegerField(_("major"), default=1)
    minor = models.PositiveSmallIntegerField(_("minor"), default=0)
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.DRAFT, editable=False
    )
    wordings = models.JSONField(_("wordings"), default=dict)
    digest = models.CharField(_("digest"), max_length=64, blank=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, editable=False)

    class Meta:
        verbose_name = _("notice version")
        verbose_name_plural = _("notice versions")
        ordering = ["notice", "-major", "-minor"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "major", "minor"], name="one_notice_version")
        ]

    def __str__(self) -> str:
        return f"{self.notice.slug} {self.number}"

    @property
    def number(self) -> str:
        return f"{self.major}.{self.minor}"


class NoticeShown(models.Model):
    """How often a capture point showed a notice version in a language on a day; answers are records."""

    point = models.ForeignKey(CapturePoint, on_delete=models.CASCADE)
    version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT)
    language = models.CharField(max_length=5)
    method = models.CharField(max_length=16)
    day = models.DateField()
    times = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("notice shown")
        constraints = [
            models.UniqueConstraint(
                fields=["point", "version", "language", "method", "day"], name="one_count_a_day"
            )
        ]


class Reasking(models.Model):
    """That staff have everybody asked again who agreed to an older meaning than a version's, and what silence means.

    What stands goes on until it is answered; or until `ends_at`, when the company ends it.
    """

    version = models.OneToOneField(NoticeVersion, on_delete=models.PROTECT, related_name="reasking")
    entity = models.CharField(max_length=40)  # whoever began it
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # nobody is asked any more

    class Meta:
        verbose_name = _("asking again")


# A draft may change. A published version may only be retired; a retired one never changes.
guard(
    "consent_noticeversion",
    update="NEW.id = OLD.id AND ("
    # The last condition is for SQLite's UPDATE OR REPLACE, which would delete the version in the way.
    "(OLD.state = 'draft' AND NOT EXISTS (SELECT 1 FROM consent_noticeversion other WHERE other.id <> NEW.id"
    " AND other.notice_id = NEW.notice_id AND other.major = NEW.major AND other.minor = NEW.minor))"
    " OR (OLD.state = 'published' AND NEW.state = 'retired'"
    " AND NEW.wordings = OLD.wordings AND NEW.digest = OLD.digest AND NEW.notice_id = OLD.notice_id"
    " AND NEW.major = OLD.major AND NEW.minor = OLD.minor AND NEW.published_at = OLD.published_at))",
    delete="OLD.state = 'draft'",
)
