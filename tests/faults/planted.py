"""A web server that gives away whom it knows: it does for them what belongs to the worker, within the request."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from optin_site.settings import *  # noqa: F403
from optin_site.settings import MIDDLEWARE as OURS

MIDDLEWARE = ["tests.faults.planted.gives_away", *OURS]


def gives_away(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Looks whose number was typed and, where it is somebody's, writes a row more."""

    def answered(request: HttpRequest) -> HttpResponse:
        from consent import people
        from consent.contact import Contact
        from consent.preferences import visits

        request.body  # noqa: B018 - so that it can be read twice
        typed = request.POST.get("phone", "")
        contact = Contact.tel(typed) if typed else None
        is_known = contact is not None and bool(people.with_number(contact))  # before a stop makes it known
        response = answer(request)
        if contact is not None and is_known:
            visits.begin(contact, language="en", now=timezone.now())
        return response

    return answered
