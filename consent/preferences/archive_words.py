"""The words for what stands in a person's archive; data.json keeps the names that programs know."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.vocabulary import Channel, State

NAMES = {
    "scheme": _("Kind of contact"),
    "value": _("Number or account"),
    "created_at": _("Since"),
    "ended_at": _("Until"),
    "purpose": _("For what"),
    "notice": _("Text that was shown"),
    "capture_point": _("Where you were asked"),
    "uid": _("Number of the record"),
    "act": _("Number of the receipt"),
    "channel": _("Channel"),
    "state": _("What it says"),
    "possession": _("How it was shown that the number is yours"),
    "valid_days": _("Days for which it holds"),
    "language": _("Language"),
    "method": _("Way"),
    "entity": _("Who wrote it down"),
    "event_time": _("When it was said"),
    "recorded_at": _("When it was recorded"),
    "file": _("File"),
    "media_type": _("Kind of file"),
    "to": _("To"),
    "text": _("Text"),
    "kind": _("Kind"),
    "sent_at": _("Sent"),
    "content": _("Content"),
    "received_at": _("Received"),
    "provider": _("Carried by"),
    "said_at": _("Said"),
    "cause": _("Cause"),
    "times": _("How often"),
    "since": _("Since"),
    "seen_at": _("Last seen"),
    "until": _("Until"),
    "number": _("Number"),
    "serial": _("Number of the sheet"),
    "committed_at": _("Recorded from paper"),
    "stage": _("How far the call went"),
    "started_at": _("Begun"),
    "asked_at": _("Asked"),
    "tries": _("Tries"),
    "first_at": _("First try"),
    "agreed_at": _("Agreed"),
    "is_stopped": _("Stopped later"),
    "record": _("Number of the record"),
    "opened_at": _("Opened"),
    "wish": _("What it was for"),
    "proved_at": _("Number shown to be yours"),
    "asked": _("What you asked"),
    "answer": _("What was answered"),
    "made_at": _("Asked"),
    "due_at": _("Due"),
    "closed_at": _("Answered"),
}
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "channel": dict(Channel.choices),
    "state": dict(State.choices),
}
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")


def name(field: str) -> str:
    """What a field is called; one that evidence brought, as it was written."""
    return str(NAMES.get(field, field.replace("_", " ")))


def text(field: str, value: object) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    said = str(value)
    if _MOMENT.fullmatch(said):
        return f"{date_format(datetime.fromisoformat(said), 'DATETIME_FORMAT')} UTC"
    return str(CHOICES.get(field, {}).get(said, said))
