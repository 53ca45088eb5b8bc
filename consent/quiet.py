"""Quiet hours: no offers at night, by the clock where the person is, as far as their number tells."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as zones
from phonenumbers.tzdata import TIMEZONE_DATA

from consent.contact import TEL, Contact
from consent.models import Company

MINUTE = timedelta(minutes=1)  # quiet hours and changes of clocks begin with one


def begins(contact: Contact, company: Company, moment: datetime) -> datetime | None:
    """From when on offers to this contact rest: a moment that is not later than `moment` where they do already, None
    where they do not within a minute. Where a number may be in several zones, quiet in one of them is quiet.
    """
    if company.quiet_from is None or company.quiet_until is None:
        return None
    code = _country_code(contact)
    if code is None:
        return _begins((company.time_zone,), company, moment)
    everywhere = TIMEZONE_DATA.get(str(code), (company.time_zone,))
    anywhere = _begins(everywhere, company, moment)
    if anywhere is None or len(everywhere) == 1 or contact.scheme != TEL:
        return anywhere
    # Only now it matters where in the country: finding that out costs more than the rest of the decision.
    there = zones.time_zones_for_number(phonenumbers.parse(contact.value))
    return anywhere if zones.UNKNOWN_TIMEZONE in there else _begins(there, company, moment)


def _country_code(contact: Contact) -> int | None:
    if contact.scheme == TEL:
        return contact.country_code
    return phonenumbers.country_code_for_region(contact.value[:2].upper()) or None  # as Meta's user ids begin


def _begins(there: Iterable[str], company: Company, moment: datetime) -> datetime | None:
    if any(_is_quiet(zone, company, moment) for zone in there):
        return moment
    if any(_is_quiet(zone, company, moment + MINUTE) for zone in there):
        return moment.replace(second=0, microsecond=0) + MINUTE
    return None


def _is_quiet(zone: str, company: Company, moment: datetime) -> bool:
    assert company.quiet_from is not None
    assert company.quiet_until is not None
    clock = _clock(zone, moment.replace(second=0, microsecond=0))
    if company.quiet_from <= company.quiet_until:
        return company.quiet_from <= clock < company.quiet_until
    return clock >= company.quiet_from or clock < company.quiet_until


@lru_cache(maxsize=2_000)
def _clock(zone: str, minute: datetime) -> time:
    return minute.astimezone(ZoneInfo(zone)).time()
