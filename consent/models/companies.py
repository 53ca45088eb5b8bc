"""Who asks: companies, their senders and their purposes."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.localized import LocalizedField
from consent.vocabulary import (
    Brake,
    Category,
    Channel,
    Language,
    Restriction,
    RuleBook,
    StopScope,
)

is_color = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("Write the colour as #rrggbb."))


def every_language() -> list[str]:
    return list(Language.values)


class Company(models.Model):
    """Who asks and is answerable (LGPD art. 9 III, GDPR art. 13(1)(a))."""

    slug = models.SlugField(_("short name in addresses"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80, help_text=_("As people know it; every ask names it."))
    legal_name = models.CharField(_("legal name"), max_length=160)
    address = models.CharField(_("postal address"), max_length=240)
    country = models.CharField(
        _("country"),
        max_length=2,
        default="BR",
        help_text=_("Two letters; numbers typed without + belong here."),
    )
    allowed_countries = models.JSONField(
        _("countries it may write to"),
        default=list,
        blank=True,
        help_text=_("Two-letter codes, such as BR, CO. Left empty, only its own country."),
    )
    dpo_name = models.CharField(_("data protection officer"), max_length=120)  # LGPD art. 41 par. 1
    dpo_contact = models.CharField(_("contact of the officer"), max_length=160)
    privacy_url = models.URLField(_("privacy policy"), max_length=300)
    color = models.CharField(_("colour"), max_length=7, default="#0b5d4e", validators=[is_color])
    logo = models.BinaryField(_("logo"), blank=True, default=b"", editable=False)
    time_zone = models.CharField(_("time zone"), max_length=40, default="America/Sao_Paulo")
    language = models.CharField(
        _("first language"), max_length=5, choices=Language.choices, default=Language.PORTUGUESE
    )
    messages_per_day = models.PositiveIntegerField(
        _("messages a day"), default=10_000, help_text=_("No more leave in any 24 hours, whatever is typed.")
    )
    money_per_day = models.DecimalField(
        _("money a day"), max_digits=10, decimal_places=2, default=0, validators=[MinValueValidator(0)],
        help_text=_(
            "Nothing leaves that would cost more in any 24 hours, by the prices of the senders; 0 is no limit."
        ),
    )  # fmt: skip
    offers_per_day = models.PositiveIntegerField(
        _("offers a day and person"), default=0,
        help_text=_(
            "No more in any 24 hours, on all channels together, as programs tell what they sent; 0 is no limit."
        ),
    )  # fmt: skip
    offers_per_week = models.PositiveIntegerField(
        _("offers a week and person"), default=0, help_text=_("The same in any seven days; 0 is no limit."),
    )  # fmt: skip
    quiet_from = models.TimeField(
        _("quiet from"), null=True, blank=True,
        help_text=_("No offers from this hour on, by the person's own clock. Empty for no quiet hours."),
    )  # fmt: skip
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    when_warned = models.CharField(
        _("held back when our own figures warn"), max_length=8, choices=Brake.choices, default=Brake.NOTHING,
        db_default="nothing",
        help_text=_("Blocks, stops and failures rise before the platform's colour turns."),
    )  # fmt: skip
    when_yellow = models.CharField(
        _("held back when a number is yellow"), max_length=8, choices=Brake.choices, default=Brake.SLOW,
        db_default="slow",
    )  # fmt: skip
    when_red = models.CharField(
        _("held back when a number is red"), max_length=8, choices=Brake.choices, default=Brake.OFFERS,
        db_default="offers",
    )  # fmt: skip
    stop_scope = models.CharField(
        _("a stop ends"), max_length=9, choices=StopScope.choices, default=StopScope.EVERYTHING,
        help_text=_("What somebody who writes a stop word does not get any more. They are told which."),
    )  # fmt: skip
    remind_days = models.PositiveSmallIntegerField(
        _("reminds before consents end, in days"), default=0, db_default=0, validators=[MaxValueValidator(30)],
        help_text=_(
            "So many days before a consent ends by itself its person is told once, and how to keep it; 30 at most,"
            " 0 is never."
        ),
    )  # fmt: skip
    tells_yearly = models.BooleanField(
        _("tells everybody once a year what they agreed to"), default=False, db_default=False,
        help_text=_(
            "Over a channel they agreed to that is allowed, each person at another time of the year; never an offer."
        ),
    )  # fmt: skip
    lapse_months = models.PositiveSmallIntegerField(
        _("consents lapse without contact, after months"), default=0, db_default=0,
        validators=[MaxValueValidator(120)],
        help_text=_(
            "Whoever agreed and was not in touch for so long (wrote, answered, said or read anything) is written to no"
            " more; 0 is never."
        ),
    )  # fmt: skip
    is_paused = models.BooleanField(
        _("sending is stopped"), default=False, help_text=_("Nothing leaves until this is taken back.")
    )

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def countries(self) -> frozenset[str]:
        """The countries whose numbers it may write to."""
        return frozenset(self.allowed_countries or [self.country])


class Sender(models.Model):
    """Our own number on a channel, with its provider."""

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="senders"
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    provider = models.CharField(
        _("provider"),
        max_length=16,
        default="sandbox",
        choices=[("sandbox", "Sandbox"), ("twilio", "Twilio"), ("meta", "Meta")],
    )
    address = models.CharField(_("number"), max_length=20, help_text=_("With + and country code."))
    account = models.CharField(
        _("account at the provider"), max_length=64, blank=True,
        help_text=_("Twilio's Account SID, or the id of the WhatsApp Business Account at Meta."),
    )  # fmt: skip
    number_id = models.CharField(
        _("phone number id"), max_length=40, blank=True, default="",
        help_text=_("Meta's id of the number, which is not the number itself."),
    )  # fmt: skip
    price = models.DecimalField(
        _("price of a message"), max_digits=8, decimal_places=4, default=0, validators=[MinValueValidator(0)],
        help_text=_("What one costs about, in the company's money; for its limit of money a day."),
    )  # fmt: skip
    rule_book = models.CharField(
        _("rule book"), max_length=8, choices=RuleBook.choices, default=RuleBook.CURRENT, db_default="current",
        help_text=_("How WhatsApp deals with this number when people block it."),
    )  # fmt: skip
    is_paused = models.BooleanField(
        _("sending is stopped"), default=False, help_text=_("Nothing leaves until this is taken back.")
    )
    # What the decision must know of it; whoever learns it, writes it here (docs/architecture.md).
    restriction = models.CharField(
        _("restriction"), max_length=8, choices=Restriction.choices, blank=True, default="", db_default="",
        editable=False,
    )  # fmt: skip
    restricted_since = models.DateTimeField(_("restricted since"), null=True, editable=False)
    restricted_until = models.DateTimeField(_("restricted until"), null=True, editable=False)  # None: open
    secret = models.BinaryField(_("sealed token"), blank=True, default=b"", editable=False)
    secret_set_at = models.DateTimeField(_("token set"), null=True, editable=False)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints = [
            models.UniqueConstraint(fields=["channel", "address"], name="one_sender_per_number"),
            models.UniqueConstraint(
                fields=["number_id"], condition=~models.Q(number_id=""), name="one_sender_per_number_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.address}"


class Purpose(models.Model):
    """Why the company writes; specific, because a catch-all is void (LGPD art. 8 par. 4)."""

    company = models.ForeignKey(
        Company, verbose_name=_("company"), on_delete=models.PROTECT, related_name="purposes"
    )
    slug = models.SlugField(_("short name"), max_length=40)
    category = models.CharField(_("category"), max_length=16, choices=Category.choices)
    name = LocalizedField(_("name"))
    description = LocalizedField(_("what is sent, and how often"), long=True)
    validity_days = models.PositiveIntegerField(
        _("valid for, in days"),
        default=730,
        help_text=_("After that the person must be asked again; 0 is for ever."),
    )

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ["company", "slug"]
        constraints = [models.UniqueConstraint(fields=["company", "slug"], name="purpose_slug_in_company")]

    def __str__(self) -> str:
        return str(self.name) or self.slug
