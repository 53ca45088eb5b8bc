"""No offers at night, by the clock where the person is, as far as their number tells."""

from datetime import datetime, time, timedelta

import pytest
import time_machine

from consent import quiet
from consent.contact import Contact
from consent.decision import ANSWER_LIVES, Reason
from consent.models import Company
from consent.sample import Sample
from tests.cast import ANA, CLARA, at, may, says

NIGHT = Company(quiet_from=time(21), quiet_until=time(8), time_zone="America/Sao_Paulo")  # crosses midnight


def is_quiet(number: str, moment: str, company: Company = NIGHT) -> bool:
    begins = quiet.begins(Contact.reported(number), company, at(moment))
    return begins is not None and begins <= at(moment)


@pytest.mark.parametrize(
    ("number", "moment", "expected"),
    [
        ("+5511987654321", "2026-07-01 23:59", False),  # 20:59 in São Paulo
        ("+5511987654321", "2026-07-02 00:00", True),  # 21:00
        ("+5511987654321", "2026-07-02 10:59", True),  # 07:59
        ("+5511987654321", "2026-07-02 11:00", False),  # 08:00
        ("+5569987654321", "2026-07-02 00:30", False),  # Rondônia is an hour behind: 20:30
        ("+5569987654321", "2026-07-02 11:30", True),  # 07:30
        ("+12125551234", "2026-01-02 01:59", False),  # New York in winter: 20:59
        ("+12125551234", "2026-07-02 00:59", False),  # and in summer
        ("+12125551234", "2026-07-02 01:00", True),
        ("+18005551234", "2026-07-01 18:00", True),  # toll-free: from Guam (04:00) to New York (14:00)
        ("+79161234567", "2026-07-01 12:00", True),  # Russia's mobiles are everywhere: 22:00 in Magadan
        ("+79161234567", "2026-07-01 06:00", False),  # 09:00 in Moscow, 18:00 in Kamchatka
        ("+5215512345678", "2026-07-02 15:30", False),  # an old spelling, which no plan has: anywhere in Mexico
        ("+5215512345678", "2026-07-02 14:30", True),  # 07:30 in Tijuana
        ("+999123456789", "2026-07-02 00:00", True),  # no country: the company's clock
        ("+999123456789", "2026-07-01 23:59", False),
        ("BR.1234567890", "2026-07-02 00:00", True),  # Meta's user ids begin with a country
        ("XX.1234567890", "2026-07-02 00:00", True),
    ],
)  # fmt: skip
def test_it_is_night_where_the_number_is_or_may_be(number: str, moment: str, expected: bool) -> None:
    assert is_quiet(number, moment) == expected


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    noon = Company(quiet_from=time(12), quiet_until=time(14), time_zone="UTC")
    assert [is_quiet("+573001234567", f"2026-07-01 {hour}:00", noon) for hour in (16, 17, 18, 19)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not any(is_quiet("+573001234567", f"2026-07-01 {hour:02}:00", Company()) for hour in range(24))


@pytest.fixture
def by_night(aurora: Sample) -> datetime:
    """Café Aurora's quiet hours begin in São Paulo at the moment that this gives."""
    Company.objects.filter(pk=aurora.company.pk).update(quiet_from=time(21), quiet_until=time(8))
    with time_machine.travel(at("2026-07-01 18:00"), tick=False):
        for contact in (ANA, CLARA):
            says(aurora, contact)
        says(aurora, purpose=aurora.purposes["pedidos"])
    return at("2026-07-02 00:00")


def test_offers_rest_at_night_and_the_rest_does_not(aurora: Sample, by_night: datetime) -> None:
    with time_machine.travel(by_night, tick=False):
        assert may(aurora).reason == Reason.QUIET_HOURS
        assert may(aurora, purpose="pedidos").reason == Reason.GIVEN
        assert may(aurora, CLARA).reason == Reason.GIVEN  # in Colombia it is seven in the evening
    with time_machine.travel(by_night + timedelta(hours=11), tick=False):
        assert may(aurora).reason == Reason.GIVEN


def test_no_yes_to_an_offer_outlasts_the_evening(aurora: Sample, by_night: datetime) -> None:
    with time_machine.travel(by_night - timedelta(seconds=20), tick=False):
        assert (may(aurora).reason, may(aurora).valid_until) == (Reason.GIVEN, by_night)
        service = may(aurora, purpose="pedidos")
        assert service.valid_until == service.at + ANSWER_LIVES
    with time_machine.travel(by_night - timedelta(seconds=60), tick=False):
        assert may(aurora).valid_until == by_night
    with time_machine.travel(by_night - timedelta(minutes=2), tick=False):
        assert may(aurora).valid_until == may(aurora).at + ANSWER_LIVES
