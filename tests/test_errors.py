"""What a BadInput carries to the doors, and which errors come again with the same input."""

from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, InternalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consent import errors
from consent.errors import BadInput
from consent.models import Company
from consent.sample import Sample


def test_it_carries_what_a_door_decides_on() -> None:
    bad = BadInput("form.expired", "Send the form again.", status=410, pointer="token")
    assert (bad.code, bad.status, bad.pointer, bad.message) == (
        "form.expired",
        410,
        "token",
        "Send the form again.",
    )


def test_it_is_unprocessable_content_of_no_field_unless_said_otherwise() -> None:
    bad = BadInput("consent.not_given", "Tick a box.")
    assert (bad.status, bad.pointer) == (422, "")


def test_only_its_code_reaches_a_log_line() -> None:
    assert str(BadInput("phone.not_valid", "Check every digit.", params={"name": "Ana"})) == "phone.not_valid"


def test_the_message_is_in_the_language_of_whoever_reads_it() -> None:
    bad = BadInput("language.any", _("Yes"))
    with translation.override("es"):
        assert bad.message == "Sí"
    with translation.override("pt-br"):
        assert bad.message == "Sim"


def test_the_message_is_filled_with_our_own_values() -> None:
    bad = BadInput("file.too_large", "At most %(limit)s MB.", params={"limit": 25})
    assert bad.message == "At most 25 MB."


@pytest.mark.django_db
def test_a_row_that_is_there_already_is_no_trouble_that_passes(aurora: Sample) -> None:
    assert not errors.passes(_refusal(lambda: _again(aurora)))


@pytest.mark.django_db
def test_a_broken_transaction_is_no_trouble_that_passes(aurora: Sample) -> None:
    def in_one_transaction() -> None:
        with pytest.raises(IntegrityError):
            Company.objects.create(slug=aurora.company.slug)  # and no transaction of its own around it
        Company.objects.count()

    assert not errors.passes(_refusal(in_one_transaction))


@pytest.mark.django_db
def test_a_table_that_is_not_there_is_trouble_that_passes() -> None:
    assert errors.passes(_refusal(lambda: _ask("SELECT 1 FROM consent_not_there_yet")))


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has other words for it")
def test_a_database_that_only_reads_is_trouble_that_passes() -> None:
    def writes() -> None:
        _ask("SET TRANSACTION READ ONLY")
        Company.objects.update(name="Aurora")

    assert errors.passes(_refusal(writes))


@pytest.mark.parametrize(
    ("code", "is_passing"),
    [("XX001", True), ("42501", True), ("23505", False), ("22P02", False), ("", False)],
)
def test_trouble_of_the_database_itself_is_told_by_its_code(code: str, is_passing: bool) -> None:
    """XX001 is a damaged page, 22P02 a value that is none of its type: only the first is there whatever the row."""
    error = InternalError("refused")
    error.__cause__ = psycopg.errors.lookup(code)("refused") if code else None
    assert errors.passes(error) is is_passing


def test_an_error_of_anything_else_does_not_pass() -> None:
    assert not errors.passes(ValueError("odd"))


@pytest.mark.django_db
def test_what_came_at_the_same_moment_is_tried_again_and_what_stays_is_not_for_ever(aurora: Sample) -> None:
    tried = []

    def settles() -> str:
        tried.append(1)
        if len(tried) == 1:
            _again(aurora)
        return "done"

    assert errors.settled(settles) == "done"
    tried.clear()
    with pytest.raises(IntegrityError):
        errors.settled(lambda: (tried.append(1), _again(aurora)))
    assert len(tried) == errors.TRIES


def _again(aurora: Sample) -> None:
    with transaction.atomic():
        Company.objects.create(slug=aurora.company.slug)


def _ask(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _refusal(work: Callable[[], object]) -> Exception:
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        work()
    return caught.value
