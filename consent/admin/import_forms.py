"""What staff fill in while they bring in a list, and what they get back about its rows."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from consent.admin import again, scope
from consent.imports import keeping, mapping, reading, verdicts
from consent.imports.encoding import Encoding
from consent.imports.mapping import Columns
from consent.models import Company, Import, ImportPart
from consent.vocabulary import Channel, Language

# What each column may hold, as the screen asks for it.
ASKED = {
    "contact": gettext_lazy("Phone number"),
    "state": gettext_lazy("Yes or no"),
    "date": gettext_lazy("Day on which they said it"),
    "purpose": gettext_lazy("Purpose"),
    "channel": gettext_lazy("Channel"),
    "source": gettext_lazy("Where it comes from"),
    "evidence": gettext_lazy("Reference to the evidence"),
    "file": gettext_lazy("Name of a scan or recording"),
    "language": gettext_lazy("Language"),
}
WRONG_LETTERS = "other"
OF_OPT_OUTS = ("contact", "date", "purpose", "channel", "source", "evidence")


class SeveralFiles(forms.FileInput):
    """A choice of as many files as one likes, such as all those of a folder."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files: its value is a list."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one) for one in data or []]


class Bring(forms.Form):
    """A file, what it holds, and the scans that it names."""

    company = forms.ModelChoiceField(
        queryset=Company.objects.none(), label=gettext_lazy("Company"), empty_label=None
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What is in the list?"),
        choices=[
            (Import.Kind.CLAIMS, gettext_lazy("Old consents: people who said yes, and perhaps some who said no")),
            (
                Import.Kind.OPT_OUTS,
                gettext_lazy("Opt-outs: people who must not be written to. They are recorded at once"),
            ),
        ],
        initial=Import.Kind.CLAIMS,
        widget=forms.RadioSelect,
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV, XLSX or JSON lines, up to 1,000,000 rows, with any columns: you say next what they mean."
            " An export of another installation is recognised."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx,.ndjson,.jsonl,text/csv"}),
    )
    evidence = FilesField(
        label=gettext_lazy("Scans and recordings"),
        required=False,
        help_text=gettext_lazy(
            "If a column of the list names them: up to 99 files at once, such as all those of a folder, or a zip."
        ),
        widget=SeveralFiles(attrs={"accept": ".zip,.pdf,.png,.jpg,.jpeg,.tif,.tiff,.mp3,.ogg,.amr,.wav"}),
    )

    def __init__(self, request: HttpRequest, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        companies = scope.companies(request)
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        self.fields["company"].initial = scope.only_company(request)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > reading.LARGEST:
            raise forms.ValidationError(_("The file is larger than 300 MB: bring it in parts."))
        return file


class Map(forms.Form):
    """What the columns of a list mean, and what holds for every row."""

    def __init__(self, batch: Import, data: Any = None) -> None:
        super().__init__(data)
        self._batch = batch
        about = keeping.about(batch)
        self._columns = about.columns
        if about.proposed:
            self._add_encoding(about)
        self._asked = [] if batch.kind == Import.Kind.LEDGER else [
            name for name in ASKED if batch.kind != Import.Kind.OPT_OUTS or name in OF_OPT_OUTS
        ]  # fmt: skip
        for name in self._asked:
            self._add_column(name, about)
        if self._asked:
            self._add_constants(about.columns)

    def _add_encoding(self, about: keeping.About) -> None:
        name = Encoding(about.proposed).label
        self.fields["encoding"] = forms.ChoiceField(
            label=_("Are the letters right?"), widget=forms.RadioSelect, required=False,
            choices=[
                (about.proposed, _("Yes: the file is in %(encoding)s") % {"encoding": name}),
                (WRONG_LETTERS, _("No, or I do not know")),
            ],
            initial=about.columns.encoding or None,
        )  # fmt: skip

    def _add_column(self, name: str, about: keeping.About) -> None:
        none = _("– not in the list –")
        choices = [
            ("", none),
            *((str(place), heading or str(place + 1)) for place, heading in enumerate(about.headings)),
        ]
        place = about.columns.columns.get(name)
        self.fields[f"in_{name}"] = forms.ChoiceField(
            label=ASKED[name], choices=choices, required=False, initial="" if place is None else str(place)
        )

    def _add_constants(self, columns: Columns) -> None:
        purposes = [(purpose.slug, str(purpose)) for purpose in self._batch.company.purposes.all()]
        channels: list[tuple[str, Any]] = [("", "–"), *Channel.choices]
        if self._batch.kind == Import.Kind.OPT_OUTS:
            channels.append((mapping.EVERYWHERE, _("every channel")))
        is_out = self._batch.kind == Import.Kind.OPT_OUTS
        every = _("every purpose") if is_out else "–"
        self.fields["purpose"] = forms.ChoiceField(
            label=_("Purpose of rows that name none"), choices=[("", every), *purposes], required=False,
            initial=columns.purpose,
        )  # fmt: skip
        self.fields["channel"] = forms.ChoiceField(
            label=_("Channel of rows that name none"), choices=channels, required=False,
            initial=columns.channel or (mapping.EVERYWHERE if is_out else ""),
        )  # fmt: skip
        self.fields["source"] = forms.CharField(
            label=_("Where rows that do not say it come from"), required=False, max_length=500,
            initial=columns.source,
            help_text=_("For example: paper forms of the fair in May 2023, folder 12. It is kept as evidence."),
        )  # fmt: skip
        self.fields["order"] = forms.ChoiceField(
            label=_("Dates such as 03/04/2024"), widget=forms.RadioSelect,
            choices=[("day", _("day first: 3 April")), ("month", _("month first: March 4"))],
            initial="day" if columns.day_first else "month",
        )  # fmt: skip

    def columns(self) -> Columns:
        """What was chosen."""
        said = self.cleaned_data
        encoding = said.get("encoding", self._columns.encoding)
        if not self._asked:
            return Columns({}, encoding=encoding)
        chosen = {name: int(said[f"in_{name}"]) for name in self._asked if said[f"in_{name}"]}
        return Columns(
            chosen, purpose=said["purpose"], channel=said["channel"], source=said["source"].strip(),
            day_first=said["order"] == "day", encoding=encoding,
        )  # fmt: skip

    def field_of(self, pointer: str) -> str | None:
        """The field that an error speaks of; None for the whole form."""
        return next((name for name in (f"in_{pointer}", pointer) if name in self.fields), None)

    def column_fields(self) -> list[forms.BoundField]:
        """The choices of columns."""
        return [self[name] for name in self.fields if name.startswith("in_")]

    def constant_fields(self) -> list[forms.BoundField]:
        """What holds for every row."""
        return [self[name] for name in self.fields if not name.startswith("in_") and name != "encoding"]

    def encoding_field(self) -> forms.BoundField | None:
        """Whether the letters are right, where that must be said."""
        return self["encoding"] if "encoding" in self.fields else None


def counted(batch: Import) -> list[tuple[str, Any, int]]:
    """How many rows got each verdict, in words: good ones, skipped ones, wrong ones, the most first."""
    groups = (("given", verdicts.GOOD), ("requested", verdicts.SKIPPED), ("refused", verdicts.WRONG))
    return [
        (badge, words[code], number)
        for badge, words in groups
        for code, number in sorted(batch.counts.items(), key=lambda one: -one[1])
        if code in words
    ]


def verdict_lines(batch: Import) -> Iterator[str]:
    """The verdict on every row, line by line."""
    language = get_language() or Language.ENGLISH
    with override(language):
        yield "\ufeff" + again.line([_("row"), _("verdict"), _("why")])
    parts = ImportPart.objects.filter(batch=batch).order_by("number").values_list("verdicts", flat=True)
    for part in parts.iterator():
        with override(language):  # set anew: between two parts the thread may have served somebody else
            lines = [again.line([str(number), code, str(verdicts.WORDS[code])]) for number, code in part]
        yield "".join(lines)
