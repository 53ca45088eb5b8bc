"""Saying yes again: the whole statement of one purpose on one channel, and one button that says yes to it."""

from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import pinned, posted, shown, vault
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.people import Person
from consent.pinned import Pinned
from consent.preferences import changing, entry, looks
from consent.preferences import sheet as sheets
from consent.preferences.changing import How
from consent.preferences.entry import Entry
from consent.wording import Statement, statement

TOKEN = "token"  # noqa: S105 - the name of a field
PINNED = "preferences"

_EXPIRED = _("This page was open for too long. Read it again, and say what you want.")
_SUPERSEDED = _("The text has changed since you opened this page. Read it again, and say what you want.")


@csrf_exempt  # the address shows who it is, and the render token what was shown
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def page(request: HttpRequest, token: str, company: str, key: str) -> HttpResponse:
    """Only whoever proved the number may say yes, so nobody else is shown this."""
    now = timezone.now()
    try:
        found = entry.find(token, now=now)
    except entry.Over:
        return looks.show(
            request, "over", {}, language=looks.language_of(request, ""), status=HTTPStatus.GONE
        )
    person = next((one for one in found.people if one.company.slug == company), None) if found else None
    if found is None or person is None or not found.is_proved or person.is_erased:
        raise Http404("No such page.")
    ask = sheets.way_back(person.company, key)
    if ask is None or ask.version is None:
        raise Http404("Nobody asks this now.")
    language = ask.language(looks.language_of(request, found.language))
    statement_ = statement(ask, ask.version, language)
    if request.method != "POST":
        shown.count(ask, ask.version, language=language, method=changing.METHOD, day=now.date())
        return _show(request, found, ask, statement_, now=now)
    try:
        return _post(request, found, person, ask, statement_, now=now)
    except BadInput as problem:
        return _show(request, found, ask, statement_, now=now, problem=problem)


def _post(
    request: HttpRequest, found: Entry, person: Person, ask: Ask, statement_: Statement, *, now: datetime
) -> HttpResponse:
    seen = _seen(posted.read_fields(request).get(TOKEN, ""), ask, statement_, now=now)
    how = How(evidence=looks.evidence(request), language=seen.language, at=now, possession=found.possession)
    act = changing.come_back(person, ask, statement_, seen, how=how)
    if act is None:
        raise Http404("Nobody reaches this person any more.")
    done = vault.act_token(act, use="receipt")
    address = reverse("preferences", args=[found.token])
    return looks.SeeOther(f"{address}?lang={statement_.language}&done={done}#done")


def _seen(token: str, ask: Ask, statement_: Statement, *, now: datetime) -> Pinned:
    """What was on the screen. Raises BadInput where that is not what would be shown now."""
    seen = pinned.read(token, method=PINNED)
    if seen.is_expired(now):
        raise BadInput("form.expired", message=_EXPIRED)
    assert ask.version is not None, "checked before"
    if (seen.point, seen.version, seen.digest) != (ask.point.pk, ask.version.pk, statement_.digest):
        raise BadInput("notice.superseded", message=_SUPERSEDED)
    return seen


def _show(
    request: HttpRequest, found: Entry, ask: Ask, statement_: Statement, *, now: datetime,
    problem: BadInput | None = None,
) -> HttpResponse:  # fmt: skip
    assert ask.version is not None, "checked before"
    pin = pinned.pin(
        method=PINNED, point=ask.point.pk, version=ask.version.pk, language=statement_.language,
        digest=statement_.digest, shown_at=now, host="",
    )  # fmt: skip
    context = {
        "token": found.token,
        "pin": pin,
        "box": statement_.boxes[0],
        "paragraphs": statement_.paragraphs,
        "problems": [problem] if problem else [],
    }
    status = problem.status if problem else HTTPStatus.OK
    return looks.show(
        request, "back", context, language=statement_.language, company=ask.company, status=status
    )
