"""A person's requests about their data: asked with proof of the number, followed by an address of their own."""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent import opening, people, posted, rights, vault
from consent.errors import BadInput
from consent.models import RightsRequest
from consent.people import Person
from consent.preferences import archive, changing, entry, looks
from consent.preferences.changing import How
from consent.proof import certificate, files, words

KIND, TEXT, NAME = "kind", "text", "name"
USE = "right"
Kind, State = RightsRequest.Kind, RightsRequest.State
ARCHIVE_LIVES = timedelta(days=30)

_KIND = _("Choose what you ask for.")
_NAME = _("Write your name as it should be.")
_CHARACTER = _("There is a character here that cannot be stored. Please type it again.")


@csrf_exempt  # the address shows who it is
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def ask(request: HttpRequest, token: str, company: str) -> HttpResponse:
    """Where a request is made; only whoever proved the number can."""
    try:
        found = entry.find(token, now=timezone.now())
    except entry.Over:
        found = None
    person = next((one for one in found.people if one.company.slug == company), None) if found else None
    if found is None or person is None or not found.is_proved or person.is_erased:
        raise Http404("No such page.")
    language = looks.language_of(request, found.language)
    fields: dict[str, str] = {}
    problem = None
    if request.method == "POST":
        try:
            fields = posted.read_fields(request)
            made = _make(person, fields, possession=found.possession, language=language, request=request)
            return looks.SeeOther(f"{address(made)}?lang={language}")
        except BadInput as found_problem:
            problem = found_problem
    own = RightsRequest.objects.filter(subject__in=person.ids, company=person.company).order_by("-made_at")
    context = {
        "token": token,
        "kinds": Kind.choices,
        "chosen": fields.get(KIND, Kind.ACCESS),
        "problems": [problem] if problem else [],
        "wrong": problem.pointer if problem else "",
        "name": _as_typed(fields.get(NAME, "")),
        "text": _as_typed(fields.get(TEXT, "")),
        "own": [(one, address(one)) for one in own[:20]],
        "longest": rights.LONGEST,
        "longest_name": rights.LONGEST_NAME,
        "due": rights.due(person.company, timezone.now()),
    }
    status = problem.status if problem else HTTPStatus.OK
    return looks.show(request, "ask", context, language=language, company=person.company, status=status)


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """How a request stands, at an address that only whoever made it was given."""
    made = _request(token)
    language = looks.language_of(request, made.language)
    erased = people.erased_entry([made.subject])
    context = {
        "token": token,
        "made": made,
        "answer": rights.answered(made),
        "is_waiting": made.state in rights.WAITING,
        "has_archive": made.kind == Kind.ACCESS and _has_archive(made),
        "certificate": certificate.address(erased) if erased else "",
    }
    return looks.show(request, "follow", context, language=language, company=made.company)


@require_safe
def everything(request: HttpRequest, token: str) -> HttpResponse:
    """Everything held about the person, as a zip; for 30 days after it was asked for."""
    made = _request(token)
    if made.kind != Kind.ACCESS or not _has_archive(made):
        raise Http404("There is no such file, or not any more.")
    person = Person(made.company, made.subject)
    language = looks.language_of(request, made.language)
    try:
        with timezone.override(words.zone(made.company)):
            content = archive.build(person, language=language, at=timezone.now())
    except opening.Erased as error:
        raise Http404("Nothing is held any more.") from error
    return files.give(content, f"everything-{made.company.slug}.zip", "application/zip")


def address(made: RightsRequest) -> str:
    """Where a request is followed, absolute."""
    token = vault.act_token(made.pk, use=USE)
    return f"{settings.OPTIN_PUBLIC_URL}{reverse('rights', args=[token])}"


def _make(
    person: Person, fields: dict[str, str], *, possession: str, language: str, request: HttpRequest
) -> RightsRequest:
    kind, text, name = fields.get(KIND, ""), fields.get(TEXT, "").strip(), fields.get(NAME, "").strip()
    if kind not in Kind.values:
        raise BadInput("right.unknown", message=_KIND, pointer=KIND)
    if kind == Kind.CORRECTION and not name:
        raise BadInput("name.required", message=_NAME, pointer=NAME)
    if "\0" in text or not name.isprintable():
        raise BadInput(
            "form.bad_character", message=_CHARACTER, pointer=NAME if not name.isprintable() else TEXT
        )
    now = timezone.now()
    made = rights.ask(
        person.company, person.subject, kind, possession=possession, language=language, at=now, text=text,
        name=name,
    )  # fmt: skip
    if kind == Kind.ACCESS and made.state == State.OPEN:  # no member of staff is needed for a copy
        rights.answer(made, State.DONE, text="", by="subject", at=now)
    elif kind == Kind.OBJECTION:  # what rests on consent ends at once; staff answer for the rest
        how = How(
            evidence=looks.evidence(request) | {"right": str(made.pk)}, language=language, at=now,
            possession=possession,
        )  # fmt: skip
        changing.stop_everything(person, how=how)
    return made


def _as_typed(text: str) -> str:
    """What was typed, to be shown again, without the character that no page may hold."""
    return text.replace("\0", "")


def _request(token: str) -> RightsRequest:
    key = vault.read_act_token(token, use=USE)
    made = RightsRequest.objects.select_related("company").filter(pk=key).first() if key else None
    if made is None:
        raise Http404("No such request.")
    return made


def _has_archive(made: RightsRequest) -> bool:
    return timezone.now() - made.made_at < ARCHIVE_LIVES and not Person(made.company, made.subject).is_erased
