"""The log as staff see it: entries with their places, and the checkpoints that were signed."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consent.admin import labels, scope
from consent.admin.scoped import ReadOnlyAdmin
from consent.models import Checkpoint, ConsentRecord, LogEntry


@admin.register(LogEntry)
class EntryAdmin(ReadOnlyAdmin):
    """What was sequenced; staff see the entries of their own companies' records."""

    list_display = ["place", "record", "size"]
    fields = ["place", "record", "content"]
    readonly_fields = ["place", "record", "content"]
    ordering = ["-index"]
    sortable_by = ()
    empty_title = _("The log is empty.")
    empty_hint = _("Each record gets its place here within seconds of being made.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LogEntry]:
        entries = LogEntry.objects.order_by("-index")
        if scope.company_ids(request) is None:
            return entries
        own = scope.within(ConsentRecord.objects.order_by(), request)
        return entries.filter(id__in=own.values("uid"))

    @admin.display(description=_("entry"))
    def place(self, entry: LogEntry) -> int:
        return entry.index

    @admin.display(description=_("record id"))
    def record(self, entry: LogEntry) -> UUID:
        return entry.id

    @admin.display(description=_("bytes"))
    def size(self, entry: LogEntry) -> int:
        return len(entry.data)

    @admin.display(description=_("content"))
    def content(self, entry: LogEntry) -> SafeString:
        return format_html('<pre class="block">{}</pre>', _readable(bytes(entry.data)))


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """What was signed. Checkpoints are public, so every member of staff may see them."""

    list_display = ["entries", "published"]
    fields = ["entries", "published", "signed_note"]
    readonly_fields = ["entries", "published", "signed_note"]
    ordering = ["-size"]
    sortable_by = ()
    empty_title = _("No checkpoint yet.")
    empty_hint = _(
        "A checkpoint is a signed statement of the log's size and root. The first follows the first record."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        return Checkpoint.objects.order_by("-size")

    @admin.display(description=_("entries"))
    def entries(self, checkpoint: Checkpoint) -> int:
        return checkpoint.size

    @admin.display(description=_("published"))
    def published(self, checkpoint: Checkpoint) -> str:
        return labels.moment(checkpoint.published_at)

    @admin.display(description=_("signed note"))
    def signed_note(self, checkpoint: Checkpoint) -> SafeString:
        return format_html('<pre class="block">{}</pre>', checkpoint.note)


def _readable(data: bytes) -> Any:
    try:
        return json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except ValueError:
        return data.hex()
