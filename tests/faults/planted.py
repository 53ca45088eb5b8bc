"""A web server that gives away whom it knows: it takes longer over them."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from optin_site.settings import *  # noqa: F403
from optin_site.settings import MIDDLEWARE as OURS

LONGER = 0.2  # seconds: seen also on a machine that is busy
MIDDLEWARE = ["tests.faults.planted.gives_away", *OURS]


def gives_away(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Looks whose number was typed and, where it is somebody's, does something more."""

    def answered(request: HttpRequest) -> HttpResponse:
        from consent import people
        from consent.contact import Contact

        request.body  # noqa: B018 - so that it can be read twice
        typed = request.POST.get("phone", "")
        contact = Contact.tel(typed) if typed else None
        is_known = contact is not None and bool(people.with_number(contact))  # before a stop makes it known
        response = answer(request)
        if contact is not None and is_known:
            time.sleep(LONGER)
        return response

    return answered
