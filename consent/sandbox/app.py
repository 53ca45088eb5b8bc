"""A company's app to try: a screen in the browser whose script uses the public API and nothing else."""

from base64 import urlsafe_b64encode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consent import branding, guardian, languages, vault
from consent.api import keys
from consent.decision import WORDS
from consent.models import ApiKey, CapturePoint, Company
from consent.sandbox import screen
from consent.sandbox.guard import in_the_sandbox, language_of
from consent.vocabulary import Language

NAME = "Sandbox app"
MOST_POINTS = 20


@require_safe
@in_the_sandbox
def app(request: HttpRequest) -> HttpResponse:
    """The app of the company whose capture point the address names, else was made first."""
    points = list(
        CapturePoint.objects.filter(is_open=True, notice__versions__state="published")
        .select_related("company")
        .distinct()
        .order_by("pk")[:MOST_POINTS]
    )
    wanted = request.GET.get("point", "")
    point = next((one for one in points if str(one.pk) == wanted), next(iter(points), None))
    language = language_of(request)
    context = {
        "languages": languages.switch(list(Language.values), language),
        "kept": screen.kept(request),
        "language": language,
        "point": point,
        "points": points,
        "key": _key(point.company) if point else "",
        "partner_brand": branding.brand(point.company) if point else None,
        "words": WORDS.items(),
        "mends": guardian.MENDS.items(),
    }
    return render(request, "consent/sandbox/app.html", context)


def _key(company: Company) -> str:
    """The key of the company's app, the same whenever the page is opened; made with it the first time."""
    drawn = vault.digest("sandbox app", str(company.pk))
    key = keys.PREFIX + urlsafe_b64encode(drawn).decode().rstrip("=")
    ApiKey.objects.get_or_create(digest=keys.digest(key), defaults={"company": company, "name": NAME})
    return key
