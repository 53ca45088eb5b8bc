"""What people did: acts and the consent records in them, append-only and without personal data."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models.append_only import AppendOnly, guard
from consent.models.companies import Company, Purpose
from consent.models.notices import NoticeVersion
from consent.models.points import CapturePoint
from consent.vocabulary import Channel, Language, Possession, State

# Django still refuses to delete what a record names. The database does not check it on insert: every capture
# would lock the same company, purpose and notice rows, and captures must not wait for one another.
HOT: dict[str, Any] = {"on_delete": models.PROTECT, "db_index": False, "db_constraint": False}


class Act(AppendOnly):
    """What a person did at once: its records share one evidence and one receipt."""

    id = models.UUIDField(primary_key=True)
    company = models.ForeignKey(Company, **HOT)
    subject = models.UUIDField(_("person"))
    reference = models.BinaryField(
        max_length=32
    )  # keyed hash of the source's own id: the same again is the same act
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("act")
        constraints = [models.UniqueConstraint(fields=["reference"], name="one_act_per_reference")]


class ActOrigin(AppendOnly):
    """What brought somebody to an act, where that is known (vocabulary.Origin). No part of the record: ADR-0013."""

    act = models.UUIDField(primary_key=True)
    origin = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("origin of an act")


class ConsentRecord(AppendOnly):
    """One person, one purpose, one channel, one state, one notice (ISO/IEC TS 27560 consent record).

    `arrival` is the order in which records reached the database; `event_time` is when the person spoke.
    A record without a purpose speaks of every purpose on its channel (a stop from a stranger).
    """

    arrival = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(_("record id"), unique=True)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="records", verbose_name=_("act"))
    company = models.ForeignKey(Company, verbose_name=_("company"), **HOT)
    subject = models.UUIDField(_("person"))
    purpose = models.ForeignKey(Purpose, null=True, verbose_name=_("purpose"), **HOT)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    state = models.CharField(_("state"), max_length=11, choices=State.choices)
    possession = models.CharField(_("proof of the number"), max_length=8, choices=Possession.choices)
    valid_days = models.PositiveIntegerField(_("valid for, in days"), default=0)
    point = models.ForeignKey(CapturePoint, null=True, verbose_name=_("capture point"), **HOT)
    notice = models.ForeignKey(NoticeVersion, null=True, verbose_name=_("notice version"), **HOT)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    method = models.CharField(_("capture method"), max_length=16)
    entity = models.CharField(_("who acted"), max_length=40)
    event_time = models.DateTimeField(_("when they said it"))
    # Whose clock that was; empty for our own. See history.fold.
    clock = models.CharField(_("by whose clock"), max_length=16, blank=True, default="", db_default="")
    recorded_at = models.DateTimeField(_("when it was recorded"))

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        ordering = ["-arrival"]
        indexes = [
            # The fold of one person, channel and purpose reads this index and nothing else.
            models.Index(
                fields=["subject", "channel", "purpose"],
                include=[
                    "arrival",
                    "state",
                    "possession",
                    "valid_days",
                    "event_time",
                    "recorded_at",
                    "uid",
                    "clock",
                ],
                name="fold_of_a_person",
            ),
            models.Index(fields=["company", "-arrival"], name="records_of_a_company"),
            # Who is to be told that a consent ends: see ending.
            models.Index(
                fields=["company", "valid_days", "event_time"],
                condition=models.Q(state="given", valid_days__gt=0),
                name="grants_by_age",
            ),
            # How many stopped on a channel lately, which a number's health counts every minute.
            models.Index(
                fields=["company", "channel", "recorded_at"],
                condition=models.Q(state="withdrawn"),
                name="stops_of_a_channel",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.purpose or '*'} · {self.get_channel_display()}"


guard("consent_act")
guard("consent_actorigin")
guard("consent_consentrecord")
