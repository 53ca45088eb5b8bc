"""Where each phone call stands in its menu; what was heard in it lies sealed with the deliveries."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Sender
from consent.models.notices import NoticeVersion
from consent.models.points import CapturePoint
from consent.vocabulary import Language


class Call(models.Model):
    """One call, found by a keyed hash of its CallSid: what was asked last, in which words. Nothing personal."""

    class Stage(models.TextChoices):
        NEW = "new", _("not asked yet")
        ASKED = "asked", _("asked")
        READ_BACK = "read_back", _("hears what was pressed")
        OVER = "over", _("over")

    id = models.UUIDField(primary_key=True)
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, db_index=False)
    stage = models.CharField(_("stage"), max_length=9, choices=Stage.choices, default=Stage.NEW)
    step = models.PositiveSmallIntegerField(default=0)  # the number of the question that waits for a key
    prompts = models.PositiveSmallIntegerField(default=0)  # how often the question was spoken
    language = models.CharField(_("language"), max_length=5, choices=Language.choices, blank=True)
    point = models.ForeignKey(CapturePoint, on_delete=models.PROTECT, null=True, db_index=False)
    version = models.ForeignKey(NoticeVersion, on_delete=models.PROTECT, null=True, db_index=False)
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of the words last spoken
    act = models.UUIDField(null=True)  # what was recorded, or is asked about
    started_at = models.DateTimeField(_("started"))
    asked_at = models.DateTimeField(_("asked"), null=True)
    pressed_at = models.DateTimeField(null=True)  # when a yes was pressed that is read back now

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")

    def __str__(self) -> str:
        return f"{self.get_stage_display()} · {str(self.pk)[-8:]}"
