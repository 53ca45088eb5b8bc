"""Whether there is a sandbox at all, and the language it speaks to a visitor."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import override

from consent import languages
from consent.vocabulary import Language, django_code


def in_the_sandbox[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """There is no such page where the sandbox is off; where it is on, it speaks the visitor's language."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.OPTIN_SANDBOX:
            raise Http404("The sandbox is off.")
        with override(django_code(language_of(request))):
            response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    return guarded


def language_of(request: HttpRequest) -> str:
    """The language of a visitor."""
    return languages.choose(request, offered=list(Language.values), default=Language.ENGLISH)
