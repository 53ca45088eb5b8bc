"""Readings of a number that staff type in or hand in as a file: for providers that cannot be asked."""

import csv
import io
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import Sender
from consent.quality import keeping, reading
from consent.quality.from_meta import FIRST
from consent.quality.reading import Kind, Reading, Source

LARGEST = 1024 * 1024
MOST_ROWS = 5_000
COLUMNS = ("at", "rating", "status", "limit")


class ReadingForm(forms.Form):
    """What a provider's console shows of a number; or a file with a line for each time somebody looked."""

    rating = forms.ChoiceField(
        label=gettext_lazy("Rating"),
        required=False,
        choices=[
            ("", "–"),
            ("GREEN", gettext_lazy("Green: high")),
            ("YELLOW", gettext_lazy("Yellow: medium")),
            ("RED", gettext_lazy("Red: low")),
        ],
    )
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=[
            ("", "–"),
            ("CONNECTED", gettext_lazy("Connected")),
            ("FLAGGED", gettext_lazy("Flagged")),
            ("RESTRICTED", gettext_lazy("Restricted")),
            ("OFFLINE", gettext_lazy("offline")),
        ],
    )
    limit = forms.CharField(
        label=gettext_lazy("People in 24 hours"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("Such as 2000, TIER_10K or unlimited."),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a file"),
        required=False,
        help_text=gettext_lazy("CSV in UTF-8 with the columns at, rating, status, limit; 1 MB at most."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_limit(self) -> str:
        text: str = self.cleaned_data["limit"]
        if text.strip() and reading.limit(text) is None:
            raise forms.ValidationError(_("Write how many people, such as 2000, TIER_10K or unlimited."))
        return text

    def clean_file(self) -> list[dict[str, str]]:
        upload: Any = self.cleaned_data.get("file")
        return _rows(upload) if upload else []

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(name) for name in (*COLUMNS[1:], "file")):
            raise forms.ValidationError(_("Choose a rating, a status, a limit or a file."))
        return cleaned

    def keep(self, sender: Sender, *, entity: str, at: datetime) -> int:
        """Write it down as read by somebody of the staff. Returns how many readings that were."""
        typed = _readings(self.cleaned_data, sender, at)
        kept = keeping.keep(sender, typed, source=Source.STAFF, read_at=at, entity=entity)
        filed = [
            one for row in self.cleaned_data["file"] for one in _readings(row, sender, _at(row["at"]) or at)
        ]
        return kept + keeping.keep(sender, filed, source=Source.FILE, read_at=at, entity=entity)


def _readings(row: dict[str, Any], sender: Sender, at: datetime) -> list[Reading]:
    found = []
    if row.get("rating"):
        value = reading.rating(row["rating"])
        found.append(Reading(kind=Kind.RATING, value=value, said_at=at, raw=row["rating"], number=sender.pk))
    if row.get("status"):
        value = reading.status(row["status"])
        found.append(Reading(kind=Kind.STATUS, value=value, said_at=at, raw=row["status"], number=sender.pk))
    tier = reading.limit(row.get("limit"))
    if tier is not None:
        found.append(
            Reading(kind=Kind.LIMIT, value=str(tier), said_at=at, raw=row["limit"], number=sender.pk)
        )
    return found


def _at(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        return None
    if moment is None:
        return None
    moment = timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    return moment if FIRST < moment <= timezone.now() else None


def _rows(upload: Any) -> list[dict[str, str]]:
    """The lines of a file. Raises ValidationError that names the first line that is wrong."""
    if upload.size > LARGEST:
        raise forms.ValidationError(_("The file is larger than 1 MB."))
    try:
        text = upload.read().decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except UnicodeDecodeError:
        raise forms.ValidationError(_("Save the file in UTF-8 and send it again.")) from None
    except csv.Error:
        raise forms.ValidationError(_("This is no CSV file.")) from None
    if not rows or set(COLUMNS) - set(rows[0]):
        raise forms.ValidationError(_("The file needs a first line with: at, rating, status, limit."))
    if len(rows) > MOST_ROWS:
        raise forms.ValidationError(_("The file has more than %(number)s lines.") % {"number": MOST_ROWS})
    clean = [{name: (row[name] or "").strip()[:100] for name in COLUMNS} for row in rows]
    for number, row in enumerate(clean, start=2):
        is_limit = not row["limit"] or reading.limit(row["limit"]) is not None
        if "\0" in "".join(row.values()) or _at(row["at"]) is None or not is_limit:
            raise forms.ValidationError(
                _(
                    "Line %(line)s is wrong: it needs a time in the past, such as 2026-03-01T12:00:00Z, and a limit."
                )
                % {"line": number}
            )
    return clean
