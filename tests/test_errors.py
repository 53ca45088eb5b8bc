"""What a BadInput carries to the doors."""

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consent.errors import BadInput


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
