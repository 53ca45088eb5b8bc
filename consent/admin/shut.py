"""What staff see instead of the page they wanted: signed out meanwhile, access ended, guessed too often, no page."""

import re
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def ended_words(day: date) -> str:
    """What somebody is told whose last day is over."""
    return _("Your access ended on %(day)s. Whoever gave it to you can extend it.") % {
        "day": date_format(day, "DATE_FORMAT")
    }


def ended(request: HttpRequest, day: date) -> HttpResponse:
    """Instead of any page, after somebody's last day."""
    return _page(request, _("Your access has ended"), ended_words(day), status=HTTPStatus.FORBIDDEN)


def locked(
    request: HttpRequest, _answer: HttpResponse | None, _credentials: Mapping[str, Any] | None
) -> HttpResponse:
    """Instead of signing in, after too many failures: what django-axes calls."""
    return _page(
        request,
        _("Too many attempts"),
        _(
            "There were too many failed attempts with this name from this address. Wait 15 minutes and try again;"
            " from another address the account works as before."
        ),
        _("If that was not you, tell whoever runs this installation."),
        status=HTTPStatus.TOO_MANY_REQUESTS,
    )


def signed_out(request: HttpRequest) -> HttpResponse:
    """Instead of doing what was sent after the session had ended: the sign-in, and from there the page it was on."""
    messages.warning(
        request,
        _(
            "You were signed out meanwhile, so what you just sent was not done. Sign in and send it once more."
        ),
    )
    home, came_from = reverse("admin:index"), request.headers.get("Referer", "")
    page = came_from.removeprefix(f"{request.scheme}://{request.get_host()}")
    # What was sent went to an address that often takes nothing else and shows no page.
    return redirect_to_login(page if page.startswith(home) else home, reverse("admin:login"))


def only_sent(request: HttpRequest) -> HttpResponse:
    """Instead of nothing, for whoever opens an address that only takes what a button sends."""
    return _page(
        request,
        _("Nothing to see here"),
        _("This address only takes what a button sends. Nothing was done."),
        status=HTTPStatus.METHOD_NOT_ALLOWED,
        back=_page_above(request.path),
    )


def _page_above(address: str) -> str:
    """The nearest address above one of the staff site's that has a page: of a row, of its list, or home."""
    while True:
        address = address.rstrip("/").rpartition("/")[0] + "/"
        found = resolve(address)
        # The one address without a name is Django's short one of a row, for anything that could be a key.
        if found.url_name or re.fullmatch(r"\d+|[0-9a-f-]{36}", found.kwargs["object_id"]):
            return address


def _page(request: HttpRequest, title: str, *paragraphs: str, status: int, back: str = "") -> HttpResponse:
    context = {"title": title, "paragraphs": paragraphs, "back": back}
    return render(request, "admin/shut.html", context, status=status)
