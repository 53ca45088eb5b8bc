"""The health of our numbers: what was read of it, what changed, who was told, and what comes of each source."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard
from consent.models.companies import Company, Sender
from consent.models.points import CapturePoint
from consent.vocabulary import Channel


class QualityReading(AppendOnly):
    """One thing we learned of a sender, or of the whole account it belongs to (`sender` is None then).

    `value` is our word for it, `raw` the provider's own. What it means now is computed: see consent/quality.
    """

    class Kind(models.TextChoices):
        RATING = "rating", _("rating")
        STATUS = "status", _("status")
        LIMIT = "limit", _("limit")
        RESTRICTION = "restriction", _("restriction")
        HEALTH = "health", _("may send")
        ERROR = "error", _("error of a message")
        FULL = "full", _("limit reached")
        USED = "used", _("people in seven days")
        TEMPLATE = "template", _("template")
        ALERT = "alert", _("alert")
        THROUGHPUT = "throughput", _("messages a second")

    class Source(models.TextChoices):
        POLL = "poll", _("we asked")
        WEBHOOK = "webhook", _("the provider told us")
        ERROR = "error", _("a message was refused")
        STAFF = "staff", _("typed in")
        FILE = "file", _("from a file")
        OWN = "own", _("we counted")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, null=True, related_name="readings", verbose_name=_("sender")
    )
    account = models.CharField(_("account"), max_length=64, blank=True, default="")
    kind = models.CharField(_("what"), max_length=11, choices=Kind.choices)
    about = models.CharField(_("about"), max_length=120, blank=True, default="")
    value = models.CharField(_("value"), max_length=24)
    raw = models.CharField(_("as it came"), max_length=500, blank=True, default="")
    until = models.DateTimeField(_("until"), null=True)
    said_at = models.DateTimeField(_("when it was so"))
    read_at = models.DateTimeField(_("when we read it"))
    source = models.CharField(_("from"), max_length=8, choices=Source.choices)
    entity = models.CharField(_("who typed it"), max_length=40, blank=True, default="")

    class Meta:
        verbose_name = _("quality reading")
        verbose_name_plural = _("quality readings")
        ordering = ["-said_at", "-pk"]
        indexes = [
            models.Index(fields=["sender", "-said_at"], name="readings_of_a_sender"),
            models.Index(fields=["company", "account", "-said_at"], name="readings_of_an_account"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"


class QualityChange(AppendOnly):
    """That something about a sender became another thing; told once, however often it is read."""

    class Facet(models.TextChoices):
        RATING = "rating", _("rating")
        STATUS = "status", _("status")
        LIMIT = "limit", _("limit")
        BRAKE = "brake", _("held back")
        WARNING = "warning", _("early warning")
        READING = "reading", _("asking the provider")

    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, related_name="changes")
    facet = models.CharField(_("what"), max_length=8, choices=Facet.choices)
    was = models.CharField(_("before"), max_length=24, blank=True)
    now = models.CharField(_("after"), max_length=24, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("change of quality")
        verbose_name_plural = _("changes of quality")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["sender", "facet", "-id"], name="last_change_of_a_facet")]


class QualityTold(models.Model):
    """That somebody of the staff is told of a change: as a notice on their first page, and by e-mail if they have
    an address.
    """

    change = models.ForeignKey(QualityChange, on_delete=models.PROTECT, related_name="told")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=150)  # stays when the account is gone
    seen_at = models.DateTimeField(_("read"), null=True)
    mail_due_at = models.DateTimeField(null=True, db_index=True)  # None: nothing (more) to send
    mailed_at = models.DateTimeField(_("e-mail sent"), null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("notice of a change")
        verbose_name_plural = _("notices of changes")
        constraints = [models.UniqueConstraint(fields=["change", "user"], name="told_once")]


class QualityPoll(models.Model):
    """When a sender's provider is asked next, and how the last time went."""

    sender = models.OneToOneField(Sender, on_delete=models.CASCADE, primary_key=True, related_name="poll")
    due_at = models.DateTimeField(db_index=True)
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=80, blank=True, default="")
    fields = models.PositiveSmallIntegerField(
        default=0
    )  # which list of fields the provider knows: quality.polling
    fields_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("question to a provider")


class SenderUse(models.Model):
    """How many people a sender, or its account, began to write to in 24 hours and in seven days, as counted last."""

    sender = models.OneToOneField(Sender, on_delete=models.CASCADE, primary_key=True, related_name="use")
    people = models.PositiveIntegerField(default=0)
    by_hour = models.JSONField(
        default=list
    )  # of those people, by the hour of their last message: oldest first
    people_in_a_week = models.PositiveIntegerField(default=0)
    most_in_a_day = models.PositiveIntegerField(default=0)  # of the seven days
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name = _("use of a sender")


class SenderDay(models.Model):
    """What became of a sender's messages of one day (UTC); counted anew while anything may still come."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    sent = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    limited = models.PositiveIntegerField(default=0)
    blocks = models.PositiveIntegerField(default=0)
    stops = models.PositiveIntegerField(default=0)
    reports = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("day of a sender")
        constraints = [models.UniqueConstraint(fields=["sender", "day"], name="one_day_of_a_sender")]


class PersonSource(models.Model):
    """Where a person's newest yes on a channel came from, and whether trouble came of it since."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    subject = models.UUIDField()
    channel = models.CharField(max_length=8, choices=Channel.choices)
    point = models.ForeignKey(
        CapturePoint, on_delete=models.CASCADE, null=True, db_index=False, db_constraint=False
    )
    method = models.CharField(max_length=16)
    notice = models.PositiveBigIntegerField(null=True)  # the key of the version
    language = models.CharField(max_length=5)
    entity = models.CharField(max_length=40)
    origin = models.CharField(max_length=40, default="", db_default="")
    agreed_at = models.DateTimeField()
    is_stopped = models.BooleanField(default=False)
    is_blocked = models.BooleanField(default=False)
    is_unreached = models.BooleanField(default=False)
    is_complaint = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("source of a person's yes")
        constraints = [
            models.UniqueConstraint(fields=["subject", "channel"], name="one_source_of_a_person_on_a_channel")
        ]
        indexes = [
            models.Index(fields=["company", "channel", "agreed_at"], name="sources_of_a_company"),
        ]


class SourceDay(models.Model):
    """How many people agreed on one day (UTC) through one source, and what came of them: `PersonSource`, summed up.

    Zero and empty words stand for what is not known: as none of them is null, a source has one row a day.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    day = models.DateField()
    point = models.PositiveBigIntegerField()  # keys
    notice = models.PositiveBigIntegerField()
    method = models.CharField(max_length=16)
    language = models.CharField(max_length=5)
    entity = models.CharField(max_length=40)
    origin = models.CharField(max_length=40, default="", db_default="")
    people = models.IntegerField()
    stopped = models.IntegerField()
    blocked = models.IntegerField()
    unreached = models.IntegerField()
    complaints = models.IntegerField()
    turned_away = models.IntegerField()

    class Meta:
        verbose_name = _("day of a source")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "company",
                    "channel",
                    "day",
                    "point",
                    "notice",
                    "method",
                    "language",
                    "entity",
                    "origin",
                ],
                name="one_day_of_a_source",
            )
        ]


class SourceCursor(models.Model):
    """How far people were followed to their source: one row."""

    arrival = models.PositiveBigIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("how far sources were followed")


guard("consent_qualityreading")
guard("consent_qualitychange")
