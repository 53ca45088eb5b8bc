"""The page that staff see instead of the one they wanted: their access has ended, or somebody guessed too often."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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


def _page(request: HttpRequest, title: str, *paragraphs: str, status: int) -> HttpResponse:
    return render(request, "admin/shut.html", {"title": title, "paragraphs": paragraphs}, status=status)
