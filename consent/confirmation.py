"""The page behind the link that proves a number: reading it changes nothing, sending it confirms."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import branding, dialogue, http, languages, opening, receipts, vault, wording
from consent.canonical import moment
from consent.models import ConsentRecord
from consent.vocabulary import Language, Possession, State, django_code

WAITING, GIVEN, DECLINED, OVER, ASKED_AGAIN = "waiting", "given", "declined", "over", "asked_again"


class SeeOther(HttpResponseRedirect):
    """A redirect after a post: the next page is read with GET."""

    status_code = 303


@csrf_exempt  # whoever holds the address got the message, and that is what is to be shown
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def confirm(request: HttpRequest, company: str, token: str) -> HttpResponse:
    """The page of a link. Programs open links too, so only a post says anything."""
    act = vault.read_act_token(token, use="link")
    requests = ConsentRecord.objects.filter(act=act, company__slug=company, state=State.REQUESTED)
    first = requests.select_related("company", "point").order_by("arrival").first() if act else None
    if act is None or first is None:
        raise Http404("No such page.")
    state = _state(first)
    if request.method == "POST":
        state = _post(request, first, state, now=timezone.now())
        if state == GIVEN:
            return SeeOther(receipts.own_address(receipts.answering(act) or act))
    return _show(request, act, first, state)


def _post(request: HttpRequest, first: ConsentRecord, state: str, *, now: datetime) -> str:
    act = first.act_id
    answer = request.POST.get("answer", "")
    evidence = {
        "opened": "link",
        "answer": answer[: http.LONGEST_HEADER],
        "sent_at": moment(now),
        "address": http.client_address(request),
        "peer": str(request.META.get("REMOTE_ADDR", "")),
        "user_agent": http.header(request, "User-Agent"),
    }
    more: dict[str, Any] = {"method": "link", "evidence": evidence}
    if state == WAITING and answer == "yes":
        dialogue.confirm(act, possession=Possession.LINK, reference=f"{act}:yes", **more)
        return _state(first)
    if state == WAITING and answer == "no":
        dialogue.refuse(act, possession=Possession.LINK, reference=f"{act}:no", **more)
        return _state(first)
    if state == OVER and answer == "again" and dialogue.ask_again(act, evidence=evidence):
        return ASKED_AGAIN
    return state


def _state(first: ConsentRecord) -> str:
    """Where the question behind a link stands."""
    try:
        opening.key_of(first.subject)
    except opening.Erased:
        return OVER
    if dialogue.waiting_request(first.act_id) is not None:
        return WAITING
    answer = receipts.answering(first.act_id)
    if answer is None:
        return OVER
    given = ConsentRecord.objects.filter(act=answer, state=State.GIVEN)
    return GIVEN if given.exists() else DECLINED


def _show(request: HttpRequest, act: UUID, first: ConsentRecord, state: str) -> HttpResponse:
    offered = list(Language.values)
    own = first.language
    language = languages.choose(request, offered=offered, default=own) if "lang" in request.GET else own
    answer = receipts.answering(act) if state == GIVEN else None
    with override(django_code(language)):
        response = render(
            request,
            "consent/confirmation.html",
            {
                "company": first.company,
                "brand": branding.brand(first.company),
                "languages": languages.switch(offered, language),
                "language": language,
                "own": own,
                "state": state,
                "keeps": dialogue.is_patient(act),
                "boxes": _boxes(act, language),
                "paragraphs": _text(act),
                "stop": receipts.stop_address(first.subject),
                "receipt": receipts.own_address(answer) if answer else "",
                "can_ask_again": state == OVER and dialogue.may_ask_again(act),
                "form": reverse("website-form", args=[first.company.slug, first.point.slug])
                if first.point
                else "",
            },
            status=HTTPStatus.GONE if state == OVER else HTTPStatus.OK,
        )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is a secret
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Language"] = language
    return response


def _boxes(act: UUID, language: str) -> list[str]:
    records = ConsentRecord.objects.filter(act=act).select_related("purpose").order_by("arrival")
    return [wording.label(record.purpose, record.channel, language) for record in records if record.purpose]


def _text(act: UUID) -> list[str]:
    """The words the request was made under, paragraph by paragraph; none of an erased person."""
    try:
        return str(opening.evidence_of(act).get("text", "")).split("\n\n")
    except opening.Erased:
        return []


urlpatterns = [path("y/<slug:company>/<str:token>/", confirm, name="confirmation")]
