"""What a company asks, and where: capture points with their boxes."""

import secrets

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.companies import Company, Purpose, Sender, every_language
from consent.models.localized import LocalizedField
from consent.vocabulary import Channel, Confirmation

SIGNS, CODE_LENGTH = "23456789bcdfghjkmnpqrstvwxyz", 6


class CapturePoint(models.Model):
    """One ask, defined once and published on any of the capture methods."""

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="points"
    )
    slug = models.SlugField(_("short name in addresses"), max_length=40)
    title = LocalizedField(_("title"))
    notice = models.ForeignKey(
        "consent.Notice", on_delete=models.PROTECT, related_name="points", verbose_name=_("notice")
    )
    sender = models.ForeignKey(
        Sender,
        on_delete=models.PROTECT,
        related_name="points",
        verbose_name=_("confirms from"),
        help_text=_("The sender on SMS or WhatsApp that asks people to prove their number."),
    )
    confirmation = models.CharField(
        _("proof of the number"), max_length=8, choices=Confirmation.choices, default=Confirmation.REPLY
    )
    trusts_app = models.BooleanField(
        _("believes the app"),
        default=False,
        help_text=_("A number that the company's own app says it has verified needs no other proof."),
    )
    voice = models.ForeignKey(
        Sender,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="called_points",
        limit_choices_to={"channel": Channel.VOICE},
        verbose_name=_("number for calls"),
        help_text=_("Whoever calls it is asked by voice; it calls people who are to confirm by a call."),
    )
    keyword = models.CharField(
        _("keyword"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("Whoever writes this word to a number of the company is asked in the conversation."),
    )
    flow = models.CharField(
        _("WhatsApp Flow"), max_length=40, blank=True, default="",
        help_text=_("The id of a Flow at Meta in which people answer instead of on buttons."),
    )  # fmt: skip
    signup = models.CharField(
        _("sign-up link at Meta"), max_length=40, blank=True, default="",
        help_text=_("The id of the sign-up link at Meta whose yes counts for this capture point."),
    )  # fmt: skip
    signup_text = models.TextField(
        _("what the sign-up link says"), max_length=300, blank=True, default="",
        help_text=_("Word for word as at Meta: it is what people agree to there."),
    )  # fmt: skip
    asks_guardian = models.BooleanField(
        _("for children: asks for a guardian"), default=False, db_default=False,
        help_text=_(
            "A parent or legal guardian says yes for a child: they are asked who they are and when the child was born,"
            " their own number is proved, and the yes ends when the child comes of age. Only the website form, apps"
            " and sheets to sign ask this. It cannot be changed later."
        ),
    )  # fmt: skip
    languages = models.JSONField(_("languages"), default=every_language)
    is_open = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("capture point")
        verbose_name_plural = _("capture points")
        ordering = ["company", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["company", "slug"], name="point_slug_in_company"),
            models.UniqueConstraint(
                fields=["company", "keyword"],
                condition=~models.Q(keyword=""),
                name="point_keyword_in_company",
            ),
            models.UniqueConstraint(
                fields=["company", "signup"], condition=~models.Q(signup=""), name="point_signup_in_company"
            ),
            models.CheckConstraint(
                condition=models.Q(asks_guardian=False)
                | models.Q(
                    confirmation__in=[Confirmation.REPLY, Confirmation.CODE, Confirmation.LINK],
                    trusts_app=False,
                    keyword="",
                    voice=None,
                    flow="",
                    signup="",
                ),
                name="guardian_only_where_asked",
            ),
        ]

    def __str__(self) -> str:
        return str(self.title) or self.slug

    def clean(self) -> None:
        if self.confirmation == Confirmation.CALL and self.voice is None:
            raise ValidationError({"voice": _("Choose the number that calls people to confirm.")})
        before = CapturePoint.objects.filter(pk=self.pk).values_list("asks_guardian", flat=True).first()
        if before is not None and before != self.asks_guardian:
            message = _("This cannot be changed later. Make another capture point.")
            raise ValidationError({"asks_guardian": message})
        if self.asks_guardian:
            self._clean_guardian()
        if self.notice_id and self._shares_notice():
            message = _(
                "Children have a notice of their own: a simple one, which no other capture point shows."
            )
            raise ValidationError({"notice": message})

    def _clean_guardian(self) -> None:
        """Refuse whatever else would ask, or believe, without a guardian."""
        cannot_ask = _("Nobody can be asked for a guardian there. Leave this empty.")
        problems = {
            name: cannot_ask for name in ("keyword", "voice", "flow", "signup") if getattr(self, name) not in ("", None)
        }  # fmt: skip
        if self.confirmation in (Confirmation.NONE, Confirmation.CALL):
            problems["confirmation"] = _(
                "A guardian's number is always proved by a message: choose an answer, a code or a link."
            )
        if self.trusts_app:
            problems["trusts_app"] = _("A guardian's number is proved by us. Take this back.")
        if problems:
            raise ValidationError(problems)

    def _shares_notice(self) -> bool:
        others = CapturePoint.objects.filter(notice=self.notice_id).exclude(pk=self.pk)
        return others.exclude(asks_guardian=self.asks_guardian).exists()


def new_code() -> str:
    """Six signs that nobody confuses: 27 bits, so that nobody types another poster's by chance."""
    return "".join(secrets.choice(SIGNS) for _ in range(CODE_LENGTH))


class Poster(models.Model):
    """A place where the address of a capture point hangs, with a code that tells whom it brought."""

    point = models.ForeignKey(CapturePoint, on_delete=models.PROTECT, related_name="posters")
    name = models.CharField(_("where it hangs"), max_length=80)
    code = models.CharField(max_length=CODE_LENGTH, unique=True, default=new_code, editable=False)
    is_open = models.BooleanField(_("asks people"), default=True)

    class Meta:
        verbose_name = _("poster")
        verbose_name_plural = _("posters")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Offer(models.Model):
    """One box of a capture point: a purpose on a channel."""

    point = models.ForeignKey(CapturePoint, on_delete=models.CASCADE, related_name="offers")
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, verbose_name=_("purpose"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("box")
        verbose_name_plural = _("boxes")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["point", "purpose", "channel"], name="one_box_per_offer")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.get_channel_display()}"

    def clean(self) -> None:
        if self.purpose_id and self.point_id and self.purpose.company_id != self.point.company_id:
            raise ValidationError({"purpose": _("Choose a purpose of the same company.")})
