"""Signed sheets on their way to records: batches, the files staff hand in, their pages, and who checked them."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company
from consent.models.notices import NoticeVersion
from consent.models.points import CapturePoint
from consent.vocabulary import Language


class PaperBatch(models.Model):
    """A pile of signed sheets: which ask they answer, how they are checked, and where the paper lies."""

    class Policy(models.TextChoices):
        ALL = "all", _("every sheet")
        SAMPLE = "sample", _("a random sample")
        NONE = "none", _("no sheet")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, verbose_name=_("company"))
    point = models.ForeignKey(CapturePoint, on_delete=models.PROTECT, verbose_name=_("capture point"))
    version = models.ForeignKey(
        NoticeVersion, on_delete=models.PROTECT, verbose_name=_("notice version"),
        help_text=_("What the sheets say, where a sheet does not say it itself by its code."),
    )  # fmt: skip
    language = models.CharField(_("language of the sheets"), max_length=5, choices=Language.choices)
    place = models.CharField(
        _("where they were signed"), max_length=120, help_text=_("Such as the shop or the meeting.")
    )
    policy = models.CharField(_("second check"), max_length=6, choices=Policy.choices, default=Policy.ALL)
    percent = models.PositiveSmallIntegerField(
        _("size of the sample, in percent"), default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )  # fmt: skip
    seed = models.CharField(
        _("seed of the sample"), max_length=40, editable=False,
        help_text=_("Which sheets are drawn follows from it and from their numbers alone."),
    )  # fmt: skip
    box = models.CharField(_("box in the archive"), max_length=40, blank=True)
    shelf = models.CharField(_("shelf"), max_length=80, blank=True)
    retention = models.CharField(
        _("why the paper is kept, and how long"), max_length=200, blank=True,
        help_text=_("Such as: five years after the last message."),
    )  # fmt: skip
    destroy_on = models.DateField(_("to be destroyed on"), null=True, blank=True)
    destroyed_on = models.DateField(_("destroyed on"), null=True, editable=False)
    destroyed_by = models.CharField(_("destruction noted by"), max_length=40, blank=True, editable=False)
    is_paused = models.BooleanField(_("reading is paused"), default=False, editable=False)
    made_by = models.CharField(_("made by"), max_length=40, editable=False)
    made_at = models.DateTimeField(_("made"), editable=False)

    class Meta:
        verbose_name = _("batch of paper")
        verbose_name_plural = _("batches of paper")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.place} · {self.pk}"


class PaperFile(models.Model):
    """One file that staff handed in; its bytes go once each page of it has its own."""

    class State(models.TextChoices):
        ARRIVING = "arriving", _("arriving")
        WAITING = "waiting", _("waits to be read")
        READ = "read", _("read")
        FAILED = "failed", _("cannot be read")

    id = models.UUIDField(primary_key=True)
    batch = models.ForeignKey(PaperBatch, on_delete=models.PROTECT, related_name="files")
    name = models.BinaryField()  # as it was called, sealed: files are named after people
    size = models.PositiveBigIntegerField(_("size"))
    arrived = models.PositiveBigIntegerField(default=0)  # bytes
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ARRIVING)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)  # unknown until somebody looked inside
    done = models.PositiveSmallIntegerField(default=0)  # how many pages have their own row
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    by = models.CharField(_("handed in by"), max_length=40)
    created_at = models.DateTimeField(_("handed in"))

    class Meta:
        verbose_name = _("file of a batch")
        verbose_name_plural = _("files of a batch")
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(
                fields=["created_at"], condition=models.Q(state="waiting"), name="paper_files_that_wait"
            )
        ]


class PaperPiece(models.Model):
    """Some bytes of a file, sealed, from an offset on: what arrived stays when the line breaks."""

    file = models.ForeignKey(PaperFile, on_delete=models.CASCADE, related_name="pieces")
    offset = models.PositiveBigIntegerField()
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("piece of a file")
        ordering = ["offset"]
        constraints = [models.UniqueConstraint(fields=["file", "offset"], name="one_piece_at_an_offset")]


class PaperPage(models.Model):
    """One page: a draft until it is committed, and no consent before that. Then it lies with its person."""

    class State(models.TextChoices):
        TO_CHECK = "to_check", _("to be checked")
        SECOND = "second", _("to be checked by a second person")
        THIRD = "third", _("needs a third look")
        READY = "ready", _("ready to be committed")
        COMMITTED = "committed", _("committed")
        ASIDE = "aside", _("set aside")

    ERASED = "erased"  # the reason of a page of whose person nothing is kept

    id = models.UUIDField(primary_key=True)
    batch = models.ForeignKey(PaperBatch, on_delete=models.PROTECT, related_name="pages")
    file = models.ForeignKey(PaperFile, on_delete=models.PROTECT, related_name="own_pages")
    number = models.PositiveSmallIntegerField(_("page"))
    part = models.PositiveSmallIntegerField(default=0)  # of several sheets in one picture
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.TO_CHECK)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    media_type = models.CharField(max_length=40)  # of the original
    original = models.BinaryField(default=b"")  # as it came, sealed
    copy = models.BinaryField(default=b"")  # upright and encoded anew for eyes, sealed
    reading = models.BinaryField(
        default=b""
    )  # what the machine read, with a picture of every field, sealed JSON
    agreed = models.BinaryField(default=b"")  # what the people who checked agree on, sealed JSON
    doubt = models.FloatField(default=1.0)  # how unsure the machine is: 0 not at all, 1 it knows nothing
    picture = models.BinaryField(max_length=32, null=True)  # keyed hash of what is on it
    person = models.BinaryField(max_length=32, null=True)  # keyed hash of number and date
    serial = models.CharField(_("serial"), max_length=40, blank=True)
    point = models.ForeignKey(CapturePoint, on_delete=models.PROTECT, null=True)  # as its code says
    version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, null=True)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, blank=True)
    act = models.UUIDField(null=True, db_index=True)
    committed_by = models.CharField(_("committed by"), max_length=40, blank=True)
    committed_at = models.DateTimeField(_("committed"), null=True)

    class Meta:
        verbose_name = _("page of a batch")
        verbose_name_plural = _("pages of a batch")
        ordering = ["file", "number", "part"]
        constraints = [models.UniqueConstraint(fields=["file", "number", "part"], name="one_row_of_a_page")]
        indexes = [
            models.Index(fields=["batch", "state", "-doubt"], name="paper_pages_by_state"),
            models.Index(fields=["serial"], name="paper_pages_by_serial"),
            models.Index(fields=["picture"], name="paper_pages_by_picture"),
            models.Index(fields=["person"], name="paper_pages_by_person"),
        ]


class PaperCheck(models.Model):
    """What one member of staff read on a page; taken back, it stays, marked so."""

    page = models.ForeignKey(PaperPage, on_delete=models.PROTECT, related_name="checks")
    look = models.PositiveSmallIntegerField()  # first, second, third
    by = models.CharField(_("checked by"), max_length=40)
    at = models.DateTimeField(_("checked"))
    answer = models.BinaryField()  # sealed JSON; emptied once the page lies with its person
    lookup = models.BinaryField(max_length=32, null=True)  # keyed hash of the number, until then
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(_("taken back by"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("check of a page")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "look"], condition=models.Q(undone_at=None), name="one_check_a_look"
            )
        ]
        indexes = [
            models.Index(
                fields=["lookup"], condition=models.Q(lookup__isnull=False), name="paper_checks_by_number"
            )
        ]


class Kiosk(models.Model):
    """A tablet at a counter that may take answers for a capture point; only the hash of its key is kept."""

    point = models.ForeignKey(
        CapturePoint, on_delete=models.PROTECT, related_name="kiosks", verbose_name=_("capture point")
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("Which tablet it is, such as: counter 2."))
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    made_by = models.CharField(_("made by"), max_length=40, editable=False)
    made_at = models.DateTimeField(_("made"), editable=False)
    used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    class Meta:
        verbose_name = _("kiosk")
        verbose_name_plural = _("kiosks")
        ordering = ["point", "name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.point_id and self.point.asks_guardian:
            raise ValidationError({"point": _("It asks for a guardian, which a kiosk cannot.")})
