"""The form of a capture point: shown, and when it is sent, verified, read, recorded and answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import catalogue, http, shown
from consent.capture.website import METHOD, answer, page, pressure, proof, reading
from consent.capture.website.reading import Refused
from consent.catalogue import Ask
from consent.errors import BadInput

_PRESSED = _("Many forms are arriving now. Wait a moment, then send yours again; nothing you typed is lost.")


@csrf_exempt  # no cookie says who is there; the render token is what protects this form
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, company: str, point: str) -> HttpResponse:
    """The form of a capture point. A post that is taken costs what `recording.record` costs, and no page."""
    ask = catalogue.ask(company, point)
    if ask is None:
        raise Http404("No such capture point.")
    now = timezone.now()
    if not ask.is_open or ask.version is None:
        status = HTTPStatus.NOT_FOUND if ask.point.is_open else HTTPStatus.GONE
        return page.show_page(request, ask, "closed", {}, status=status)
    if request.method == "POST":
        return _post(request, ask, now=now)
    if request.method == "GET":
        language = page.language_of(request, ask)
        shown.count(ask, ask.version, language=language, method=METHOD.slug, day=now.date())
    return page.show_form(request, ask, now=now, is_pressed=_is_pressed(request, ask))


def _post(request: HttpRequest, ask: Ask, *, now: datetime) -> HttpResponse:
    pressure.note(point=ask.point.pk, network=http.network(http.client_address(request)))
    fields: Mapping[str, str] = {}
    try:
        fields = reading.read_fields(request)
        seen = answer.verify(fields, ask, now=now)
        if fields.get(reading.TRAP):
            return answer.reply_to_a_program(request, ask)
        said = reading.read_answer(fields, ask=ask, statement=seen.statement)
        reference = answer.reference(seen, said)
        is_enough = not _is_pressed(request, ask) or proof.is_given(
            fields, seen.pinned, reference=reference, now=now
        )
        if not is_enough:
            raise BadInput("form.pressed", message=_PRESSED, status=HTTPStatus.TOO_MANY_REQUESTS)
    except BadInput as problem:
        return _show_again(request, ask, fields, [problem], now=now)
    except Refused as refused:
        return _show_again(request, ask, fields, refused.problems, now=now)
    recorded = answer.record(request, ask, seen, said, fields=fields, reference=reference, now=now)
    return answer.reply(request, ask, recorded)


def _show_again(
    request: HttpRequest, ask: Ask, fields: Mapping[str, str], problems: Sequence[BadInput], *, now: datetime
) -> HttpResponse:
    is_pressed = _is_pressed(request, ask)
    return page.show_form(request, ask, now=now, is_pressed=is_pressed, typed=fields, problems=problems)


def _is_pressed(request: HttpRequest, ask: Ask) -> bool:
    return pressure.is_high(point=ask.point.pk, network=http.network(http.client_address(request)))
