"""The form of a capture point: shown, and when it is sent, verified, read, recorded and answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import catalogue, http, languages, posted, shown
from consent.capture.website import METHOD, answer, page, pressure, proof, reading
from consent.capture.website.reading import Refused
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.models import Poster


@csrf_exempt  # no cookie says who is there; the render token is what protects this form
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, company: str, point: str) -> HttpResponse:
    """The form of a capture point. A post that is taken costs what `recording.record` costs, and no page."""
    ask = catalogue.ask(company, point)
    if ask is None:
        raise Http404("No such capture point.")
    now = timezone.now()
    brought = catalogue.poster(ask.point, page.poster_code(request))
    if not ask.is_ready or ask.version is None:
        status = HTTPStatus.NOT_FOUND if ask.point.is_open else HTTPStatus.GONE
        return page.show_page(request, ask, "closed", {}, status=status)
    if brought is not None and not brought.is_open:
        return page.show_page(request, ask, "closed", {}, status=HTTPStatus.GONE)
    if request.method == "POST":
        return _post(request, ask, brought, now=now)
    if request.method == "GET":
        language = languages.of_point(request, ask.point)
        shown.count(ask, ask.version, language=language, method=METHOD.slug, day=now.date())
    return page.show_form(request, ask, now=now, is_pressed=pressure.is_high(**_origin(request, ask, now)))


def _post(request: HttpRequest, ask: Ask, brought: Poster | None, *, now: datetime) -> HttpResponse:
    origin = _origin(request, ask, now)
    pressure.note(**origin)
    is_pressed = pressure.is_high(**origin)
    fields: Mapping[str, str] = {}
    problems: Sequence[BadInput]
    try:
        fields = posted.read_fields(request)
        seen = answer.verify(fields, ask, now=now)
        if fields.get(reading.TRAP):
            return answer.reply_to_a_program(request, ask, seen)
        said = reading.read_answer(fields, ask=ask, statement=seen.statement, now=now)
        reference = answer.reference(seen, said)
        if is_pressed:
            proof.demand(fields, seen.pinned, reference=reference, now=now)
        recorded = answer.record(
            request, ask, seen, said, fields=fields, reference=reference, now=now, brought=brought
        )
        return answer.reply(request, ask, seen, recorded)
    except BadInput as problem:
        problems = [problem]
    except Refused as refused:
        problems = refused.problems
    return page.show_form(request, ask, now=now, is_pressed=is_pressed, typed=fields, problems=problems)


def _origin(request: HttpRequest, ask: Ask, now: datetime) -> pressure.Origin:
    return {"point": ask.point.pk, "network": http.network(http.client_address(request)), "now": now}
