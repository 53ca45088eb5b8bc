"""What an app shows: a capture point's words in one language, pinned by a token."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import Http404
from django.utils.translation import override

from consent import catalogue, guardian, pinned, shown
from consent.canonical import moment
from consent.capture.app import METHOD
from consent.capture.app.said import BoxOut, GuardianOut, PointOut, RelationOut
from consent.catalogue import Ask
from consent.errors import BadInput
from consent.showing import show
from consent.vocabulary import Language, Relation, django_code


def asked(company: int, point: str) -> Ask:
    """An open capture point of a company. Raises Http404, and BadInput where nothing may be asked."""
    ask = catalogue.ask_of(company, point)
    if ask is None:
        raise Http404("No such capture point.")
    if not ask.is_ready:
        raise BadInput(
            "point.closed", "This capture point is closed, or its notice is not published.", status=409
        )
    return ask


def language_of(ask: Ask, wanted: str | None) -> str:
    """The language to show: the wanted one, also where a device names a country that nobody wrote for (es-MX), or
    the company's first. Raises BadInput for one it does not speak.
    """
    offered = [str(language) for language in ask.point.languages if language in Language.values]
    if wanted is None:
        first = str(ask.company.language)
        return first if first in offered or not offered else offered[0]
    for tag in (wanted.lower(), wanted.lower().partition("-")[0]):  # RFC 4647 section 3.4
        for language in offered:
            if tag in (language.lower(), language.partition("-")[0]):
                return language
    raise BadInput(
        "language.unknown", f"This capture point speaks {', '.join(offered)}.", status=400, pointer="language"
    )


def shown_now(ask: Ask, language: str, *, most_bytes: int | None = None, now: datetime) -> bytes:
    """What `answer` gives. Counts the showing. Raises BadInput where it is longer than `most_bytes`."""
    content = answer(ask, language, now=now)
    if most_bytes is not None and len(content) > most_bytes:
        raise BadInput(
            "point.too_long", f"These words take {len(content)} bytes. Shorten the notice, or take more bytes.",
            pointer="most_bytes",
        )  # fmt: skip
    assert ask.version is not None, "an open capture point has a published notice"
    shown.count(ask, ask.version, language=language, method=METHOD.slug, day=now.date())
    return content


def answer(ask: Ask, language: str, *, now: datetime) -> bytes:
    """Everything to show, with a token that lets what was shown be named later: a PointOut, as JSON."""
    assert ask.version is not None, "an open capture point has a published notice"
    showing = show(ask, ask.version, language)
    token = pinned.pin(
        method=METHOD.slug,
        point=ask.point.pk,
        version=ask.version.pk,
        language=language,
        digest=showing.digest,
        shown_at=now,
        host="",
    )
    whole = PointOut(
        point=ask.point.slug,
        company=ask.company.name,
        title=ask.point.title.in_language(language),
        language=language,
        languages=list(ask.point.languages),
        text=showing.statement.paragraphs,
        boxes=[
            BoxOut(
                key=box.key,
                purpose=box.offer.purpose.slug,
                channel=box.offer.channel,
                label=box.label,
                hint=box.hint,
            )
            for box in showing.statement.boxes
        ],
        guardian=_guardian(language) if ask.point.asks_guardian else None,
        notice=f"{ask.version.notice.slug} {ask.version.number}",
        digest=ask.version.digest,
        privacy_url=ask.company.privacy_url,
        confirmation=ask.point.confirmation,
        trusts_app=ask.point.trusts_app,
        token=token,
        expires_at=moment(now + timedelta(hours=settings.OPTIN_FORM_TTL_HOURS)),
    )
    return whole.model_dump_json().encode()


def _guardian(language: str) -> GuardianOut:
    with override(django_code(language)):
        return GuardianOut(
            asked=str(guardian.ASKED),
            note=str(guardian.NOTE),
            relation=str(guardian.ASKS_RELATION),
            relations=[RelationOut(key=key, label=str(label)) for key, label in Relation.choices],
            born=str(guardian.ASKS_BORN),
            contact=str(guardian.ASKS_NUMBER),
        )
