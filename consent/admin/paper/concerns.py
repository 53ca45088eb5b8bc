"""What about paper somebody should look at: sheets to be checked or committed, and paper whose day has come."""

from collections.abc import Iterator

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.admin import labels, scope
from consent.models import PaperBatch, PaperFile, PaperPage

State = PaperPage.State
OPEN = (State.TO_CHECK, State.SECOND, State.THIRD, State.READY)
MOST = 5


def found(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Each as a sentence and where it leads; nothing for who may not see batches."""
    if not request.user.has_perm("consent.view_paperbatch"):
        return
    pages = scope.within(PaperPage.objects.filter(state__in=OPEN), request)
    for batch, number in pages.order_by("batch").values_list("batch").annotate(number=Count("pk"))[:MOST]:
        text = ngettext(
            "%(number)s sheet waits to be checked or committed.",
            "%(number)s sheets wait to be checked or committed.",
            number,
        )
        yield text % {"number": number}, reverse("admin:consent_paperbatch_change", args=[batch])
    failed = scope.within(PaperFile.objects.filter(state=PaperFile.State.FAILED), request)
    for file in failed.filter(batch__destroyed_on=None).select_related("batch")[:MOST]:
        text = _("A file in the batch “%(batch)s” could not be read.") % {"batch": file.batch}
        yield text, reverse("admin:consent_paperbatch_change", args=[file.batch_id])
    due = PaperBatch.objects.filter(destroy_on__lte=timezone.localdate(), destroyed_on=None)
    for batch in scope.within(due, request)[:MOST]:
        text = _("The paper of “%(batch)s” was to be destroyed on %(day)s.") % {
            "batch": batch, "day": labels.day(batch.destroy_on) if batch.destroy_on else "",
        }  # fmt: skip
        yield text, reverse("admin:consent_paperbatch_change", args=[batch.pk])
