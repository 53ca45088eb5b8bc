"""Messages that WhatsApp approved beforehand: all that may go to whoever has not written for a day."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Sender
from consent.models.points import CapturePoint
from consent.vocabulary import Language


class MessageTemplate(models.Model):
    """One approved text of a sender in one language, for one of its capture points or for all of them.

    `body` is what was approved, with our own placeholders where the approved text has {{1}}, {{2}}, ... in the
    order in which they first stand.
    """

    class Kind(models.TextChoices):
        ASK = "ask", _("asks for confirmation")
        INVITE = "invite", _("asks whoever wrote first (Twilio's content with buttons)")
        PAPER = "paper", _("tells what a signed sheet registered")
        RENEW = "renew", _("says that a consent ends, and how to keep it")
        AGAIN = "again", _("asks again: the notice means something else now")
        SUMMARY = "summary", _("says once a year what somebody agreed to")

    sender = models.ForeignKey(
        Sender, on_delete=models.CASCADE, related_name="templates", verbose_name=_("sender")
    )
    point = models.ForeignKey(
        CapturePoint, on_delete=models.CASCADE, null=True, blank=True, related_name="templates",
        verbose_name=_("capture point"), help_text=_("Empty: every capture point of the sender."),
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.ASK)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    name = models.CharField(
        _("name at the provider"), max_length=512,
        help_text=_("The template's name at Meta, or the Content SID (HX...) at Twilio."),
    )  # fmt: skip
    code = models.CharField(
        _("language code at Meta"), max_length=15, blank=True, default="",
        help_text=_("Such as pt_BR; empty where it is the language's own."),
    )  # fmt: skip
    body = models.TextField(
        _("approved text"), max_length=1024,
        help_text=_(
            "With {company}, {boxes}, {code}, {day}, {receipt}, {link} or {text} where the approved text has"
            " {{1}}, {{2}}, ..."
        ),
    )  # fmt: skip

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["sender", "kind", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "kind", "language"],
                condition=models.Q(point=None),
                name="one_template_of_a_sender",
            ),
            models.UniqueConstraint(
                fields=["sender", "point", "kind", "language"], name="one_template_of_a_point"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.get_language_display()}"
