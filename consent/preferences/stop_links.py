"""One-click stop links: opening one shows what it stops, posting to it stops (RFC 8058)."""

from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import people, receipts, vault, wording
from consent.models import Purpose
from consent.people import Person
from consent.preferences import changing, entry, keeping, looks
from consent.preferences.changing import How
from consent.vocabulary import Channel


@csrf_exempt  # mail programs and other machines post here without having opened the page
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def page(request: HttpRequest, token: str, purpose: str = "", channel: str = "") -> HttpResponse:
    """What the link stops; a post stops it, whatever its body. Used twice it says the same, and after erasure too."""
    if vault.read_act_token(token, use=receipts.STOP) is None or (channel and channel not in Channel.values):
        raise Http404("No such link.")
    key = f"{purpose}.{channel}" if purpose else ""
    if request.method == "POST":
        return _post(request, token, key)
    person = _person(token)
    language = looks.language_of(request, people.language_of(person))
    context = {"what": _what(person, key, language)}
    return looks.show(request, "stop", context, language=language, company=person.company)


def stop(token: str, key: str, how: How) -> UUID | None:
    """Record what the link stops; None where nothing is held of its person."""
    person = _person(token)
    if person.is_erased:
        return None
    if not key:
        return changing.stop_everything(person, how=how)
    return changing.stop(person, key, how=how)


def _post(request: HttpRequest, token: str, key: str) -> HttpResponse:
    language = looks.language_of(request, "")
    how = How(
        evidence=looks.evidence(request) | {"opened": "stop link"}, language=language, at=timezone.now()
    )

    def record(how: How) -> UUID | None:
        person = _person(token)
        if key and not Purpose.objects.filter(company=person.company, slug=key.rpartition(".")[0]).exists():
            raise Http404("No such purpose.")
        spoken = language if "lang" in request.GET else people.language_of(person)
        return stop(token, key, How(evidence=how.evidence, language=spoken, at=how.at))

    try:
        act = keeping.or_keep(record, how, address=f"stop/{token}", said={"key": key})
    except keeping.Kept:
        return looks.show(request, "kept", {}, language=language, status=HTTPStatus.ACCEPTED)
    person = _person(token)
    language = looks.language_of(request, people.language_of(person))
    context = {"what": _what(person, key, language), "receipt": receipts.address(act) if act else ""}
    return looks.show(request, "stopped", context, language=language, company=person.company)


def _person(token: str) -> Person:
    person = entry.by_stop_link(token)
    if person is None:
        raise Http404("No such link.")
    return person


def _what(person: Person, key: str, language: str) -> str:
    """What the link stops, in words; "" for everything. Raises Http404 for a purpose the company does not have."""
    if not key:
        return ""
    slug, _dot, channel = key.rpartition(".")
    purpose = Purpose.objects.filter(company=person.company, slug=slug).first()
    if purpose is None:
        raise Http404("No such purpose.")
    return wording.label(purpose, channel, language)
