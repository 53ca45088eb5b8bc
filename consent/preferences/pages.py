"""The page of the preference centre: reading it changes nothing, each of its buttons is a post."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import people, posted, receipts, vault
from consent.errors import BadInput
from consent.models import ConsentRecord, Visit
from consent.people import Person
from consent.preferences import arriving, changing, entry, keeping, looks, visits
from consent.preferences import sheet as sheets
from consent.preferences.changing import How
from consent.preferences.entry import Entry
from consent.proof import certificate
from consent.vocabulary import django_code

ALL, STOP, REASON = "all", "stop", "reason"


@csrf_exempt  # whoever holds the address is the person, as far as the address shows it
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def sheet(request: HttpRequest, token: str) -> HttpResponse:
    """What was agreed, company by company, and what can be done about it."""
    try:
        return _post(request, token) if request.method == "POST" else _get(request, token)
    except entry.Over:
        language = looks.language_of(request, "")
        return looks.show(request, "over", {}, language=language, status=HTTPStatus.GONE)


def _get(request: HttpRequest, token: str) -> HttpResponse:
    found = _entry(token)
    if found.is_over:
        raise entry.Over
    language = looks.language_of(request, found.language)
    now = timezone.now()
    only = None if found.is_proved else found.act
    alive = [person for person in found.people if not person.is_erased]
    if not alive:
        return _nothing_held(request, found, language)
    company = alive[0].company if len(alive) == 1 else None
    with override(django_code(language)):
        shown = [sheets.read(person, language=language, at=now, only=only) for person in alive]
    context = {
        "token": token,
        "is_proved": found.is_proved,
        "sheets": shown,
        "done": _done(request, found),
        "masked": _masked(found),
        "longest_reason": looks.LONGEST_REASON,
    }
    return looks.show(request, "sheet", context, language=language, company=company)


def stopped(person: Person, fields: Mapping[str, str], how: How) -> UUID | None:
    """Record what a post stops: one thing, or everything. None where there is nothing of that name."""
    if fields.get(STOP):
        return changing.stop(person, fields[STOP], how=how)
    return changing.stop_everything(person, how=how) if fields.get(ALL) else None


def take_in(token: str, fields: Mapping[str, str], how: How) -> None:
    """Record a stop that waited on disk."""
    found = _entry(token, now=how.at)
    stopped(_person(found, fields), fields, _proved(how, found))


def _post(request: HttpRequest, token: str) -> HttpResponse:
    language = looks.language_of(request, "")
    try:
        fields = posted.read_fields(request, loosely={REASON})  # no stop fails for what is said beside it
    except BadInput as problem:
        context = {"problems": [problem]}
        return looks.show(request, "problem", context, language=language, status=problem.status)
    if fields.get("wish") == Visit.Wish.CODE:
        return _send_code(token, language)
    said = {name: fields[name] for name in (STOP, ALL, "company") if name in fields}
    how = How(
        evidence=looks.evidence(request, reason=fields.get(REASON, "")),
        language=language,
        at=timezone.now(),
    )

    is_over = False

    def record(how: How) -> UUID | None:
        nonlocal is_over
        found = _entry(token)
        is_over = found.is_over
        person = _person(found, fields)
        if person.is_erased:
            return vault.new_id()  # nothing is held, and nothing more is to be stopped
        act = stopped(person, fields, _proved(how, found))
        if act is None:
            raise Http404("No such switch.")
        return act

    if not entry.is_ours(token) or not (said.keys() & {STOP, ALL}):
        raise Http404("No such page.")
    try:
        act = keeping.or_keep(record, how, address=f"preferences/{token}", said=said)
    except keeping.Kept:
        return looks.show(request, "kept", {}, language=language, status=HTTPStatus.ACCEPTED)
    assert act is not None
    if is_over:  # a stop is taken all the same, and nothing is shown
        return looks.SeeOther(f"{reverse('preferences-stopped')}?lang={language}")
    done = vault.act_token(act, use="receipt")
    return looks.SeeOther(f"{reverse('preferences', args=[token])}?lang={language}&done={done}#done")


def _send_code(token: str, language: str) -> HttpResponse:
    """Have a code sent to the number of whoever's receipt this is."""
    found = _entry(token)
    number = found.people[0].number if len(found.people) == 1 else None
    if number is None:
        raise Http404("There is no number to send a code to.")
    return arriving.to_code(visits.begin(number, language=language, now=timezone.now()), language)


def _masked(found: Entry) -> str:
    """The number that a code would go to; "" where there is none, or where none is needed."""
    number = found.people[0].number if found.people and not found.is_proved else None
    return number.masked if number else ""


def _proved(how: How, found: Entry) -> How:
    return How(
        evidence=how.evidence, language=how.language, at=how.at, possession=found.possession, once=how.once
    )


def _entry(token: str, *, now: datetime | None = None) -> Entry:
    found = entry.find(token, now=now or timezone.now())
    if found is None:
        raise Http404("No such page.")
    return found


def _person(found: Entry, fields: Mapping[str, str]) -> Person:
    """Whose switch it is: the company's that stands in the form, which may be left out where there is one."""
    named = fields.get("company", "")
    for person in found.people:
        if person.company.slug == named or (not named and len(found.people) == 1):
            return person
    raise Http404("No such company.")


def _done(request: HttpRequest, found: Entry) -> dict[str, str] | None:
    """What was just changed, with its receipt; None for an address that nobody changed anything with."""
    act = vault.read_act_token(request.GET.get("done", ""), use="receipt")
    if act is None:
        return None
    record = ConsentRecord.objects.filter(act=act).order_by("arrival").first()
    if record is None or not any(record.subject in person.ids for person in found.people):
        return None
    address = receipts.own_address(act) if found.is_proved else receipts.address(act)
    return {"state": record.state, "receipt": address}


def _nothing_held(request: HttpRequest, found: Entry, language: str) -> HttpResponse:
    erased = people.erased_entry([one for person in found.people for one in person.ids])
    context = {"certificate": certificate.address(erased) if erased else ""}
    company = found.people[0].company if len(found.people) == 1 else None
    return looks.show(request, "nothing", context, language=language, company=company)
