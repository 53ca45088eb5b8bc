"""A machine with a wrong clock gives the log nothing to sign, and somebody is told."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from consent.log import clock, tree
from consent.sample import Sample
from tests.cast import says

pytestmark = pytest.mark.django_db


def test_a_clock_that_is_right_is_not_mentioned(aurora: Sample, caplog: pytest.LogCaptureFixture) -> None:
    says(aurora)
    tree.sequence()

    clock.check()

    assert "checkpoint" not in caplog.text


@pytest.mark.postgres
@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(days=1)])
def test_where_the_database_says_another_time_nothing_is_signed(off: timedelta) -> None:
    with time_machine.travel(timezone.now() + off):
        with pytest.raises(clock.ClockWrong, match="time server"):
            clock.check()
        with pytest.raises(CommandError, match="Nothing is appended"):
            call_command("work")


@pytest.mark.postgres
def test_half_a_minute_is_forgiven() -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        clock.check()


def test_time_before_the_last_checkpoint_is_said(aurora: Sample, caplog: pytest.LogCaptureFixture) -> None:
    ahead = timedelta(days=1) if connection.vendor == "sqlite" else timedelta(minutes=2)
    with time_machine.travel(timezone.now() + ahead):
        says(aurora)
        tree.sequence()

    clock.check()

    assert "The last checkpoint was published at" in caplog.text
