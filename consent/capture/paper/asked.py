"""What a sheet asked whoever signed it: the capture point, the notice version, the language and the boxes on it."""

from dataclasses import dataclass

from consent import catalogue
from consent.capture.paper import kept
from consent.catalogue import Ask
from consent.models import NoticeVersion, Offer, PaperPage, Purpose
from consent.wording import Statement, statement


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of one sheet."""

    ask: Ask
    version: NoticeVersion
    statement: Statement
    is_printed_by_us: bool


def asked(page: PaperPage) -> Asked | None:
    """What the code of a page says it asked, else what its batch says; None where that is not there any more."""
    point = page.point or page.batch.point
    version = catalogue.version((page.version or page.batch.version).pk)
    now = catalogue.ask(page.batch.company.slug, point.slug)
    if now is None or version is None:
        return None
    offers = _printed(page, now) if page.point else now.offers
    ask = Ask(now.point, offers, version)
    language = page.language or page.batch.language
    return Asked(ask, version, statement(ask, version, language, wording="paper"), page.point is not None)


def _printed(page: PaperPage, now: Ask) -> tuple[Offer, ...]:
    """The boxes as they stand on the sheet: those of the capture point may have changed since."""
    rows = kept.unseal_values("reading", page.pk, page.reading).get("rows", [])
    purposes = Purpose.objects.filter(company=page.batch.company_id).in_bulk([row[0] for row in rows])
    return tuple(
        Offer(point=now.point, purpose=purposes[purpose], channel=channel)
        for purpose, channel in rows
        if purpose in purposes
    )
