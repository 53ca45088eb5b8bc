"""The page on which a visitor's own browser checks a proof; all it then asks us for is the public key."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from consent import languages
from consent.proof import words
from consent.vocabulary import Language, django_code


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Everything needed to check a proof without us, in the visitor's language."""
    request.encoding = "utf-8"
    offered = list(Language.values)
    language = languages.choose(request, offered=offered, default=Language.ENGLISH)
    with override(django_code(language)):
        return render(
            request,
            "consent/verify.html",
            {"languages": languages.switch(offered, language), "values": words.of_entries()},
        )
