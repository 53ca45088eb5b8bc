"""Staff open a kiosk: the link with its key makes this tablet one that may take answers."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import catalogue
from consent.capture.kiosk import tablets, views


@csrf_exempt  # the key is what opens it
@require_http_methods(["GET", "HEAD", "POST"])
def open_up(request: HttpRequest, company: str, point: str) -> HttpResponse:
    """The page that takes the key, by itself where there is script."""
    ask = catalogue.ask(company, point)
    if ask is None:
        raise Http404("No such capture point.")
    if request.method != "POST":
        return views.show(request, ask, "open", {})
    key = request.POST.get("key", "").strip()
    if tablets.found(ask.point, key) is None:
        return views.show(request, ask, "open", {"is_wrong": True}, status=HTTPStatus.FORBIDDEN)
    where = reverse("kiosk", args=[company, point])
    response = HttpResponseRedirect(where)
    response.status_code = HTTPStatus.SEE_OTHER
    tablets.remember(response, path=where, key=key)
    return response
