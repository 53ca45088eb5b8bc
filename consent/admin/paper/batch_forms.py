"""The form of a batch: what its sheets are, and where they lie."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from consent.admin.scoped import ModelForm
from consent.models import NoticeVersion, PaperBatch


class BatchForm(ModelForm):
    """What the sheets of a batch are, and where they lie."""

    class Meta:
        model = PaperBatch
        fields = (
            "company", "point", "version", "language", "place", "policy", "percent", "box", "shelf", "retention",
            "destroy_on",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.fields.get("version")
        if version is not None:
            shown = version.queryset.exclude(state=NoticeVersion.State.DRAFT)  # type: ignore[attr-defined]
            version.queryset = shown.select_related("notice")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        company = cleaned.get("company") or (self.instance.company_id and self.instance.company)
        point = cleaned.get("point") or (self.instance.point_id and self.instance.point)
        version, language = cleaned.get("version"), cleaned.get("language")
        if company and point and point.company_id != company.pk:
            self.add_error(
                "point", ValidationError(_("Choose one of the same company."), code="other_company")
            )
        if point and version and version.notice_id != point.notice_id:
            self.add_error(
                "version", _("This is a version of another notice than that of the capture point.")
            )
        if version and language and language not in version.wordings:
            self.add_error("language", _("The notice does not speak this language."))
        return cleaned
