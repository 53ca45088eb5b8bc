"""Files of an act's evidence, such as a scan: handed out by permission, and written down first."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent import opening, vault
from consent.admin import openings, scope
from consent.models import ConsentRecord, EvidenceFile


@never_cache
@require_POST
def hand_out(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One file as it was kept, for the disk and not for the browser: whoever made it was a stranger."""
    file = EvidenceFile.objects.filter(pk=pk).first()
    if not (openings.may_open(request) and request.user.has_perm("consent.view_consentrecord")):
        raise PermissionDenied
    records = scope.within(ConsentRecord.objects.select_related("company"), request)
    record = records.filter(act=file.act).first() if file else None
    if file is None or record is None:
        raise Http404
    openings.trace(request, company=record.company, subject=file.subject, act=file.act, file=str(file.pk))
    try:
        content = opening.file_content(file)
    except (opening.Erased, vault.SealBroken) as error:
        raise Http404 from error
    answer = HttpResponse(content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_harmless(file.name)}"'
    return answer


def _harmless(name: str) -> str:
    return "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in ".-_") else "_" for letter in name
    )
