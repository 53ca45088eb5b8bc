"""Text in every language, in one column."""

import pytest
from django.utils import translation

from consent.models import Localized, Purpose
from consent.sample import Sample
from consent.vocabulary import Category

NAMES = {"en": "News", "es": "Novedades", "pt-BR": "Novidades"}


@pytest.mark.parametrize(
    ("code", "text"), [("en", "News"), ("es", "Novedades"), ("pt-br", "Novidades"), ("de", "News")]
)
def test_a_text_reads_in_the_language_now_active(code: str, text: str) -> None:
    with translation.override(code):
        assert str(Localized(NAMES)) == text


def test_where_no_language_is_active_the_default_counts() -> None:
    with translation.override(None):
        assert str(Localized(NAMES)) == "News"


def test_a_missing_language_falls_back_to_english_and_then_to_any() -> None:
    assert Localized({"en": "News"}).in_language("es") == "News"
    assert Localized({"en": "", "pt-BR": "Novidades"}).in_language("es") == "Novidades"
    assert Localized().in_language("es") == ""


def test_what_was_assigned_as_a_mapping_reads_the_same_before_and_after_it_was_saved(aurora: Sample) -> None:
    purpose = Purpose(company=aurora.company, slug="x", category=Category.MARKETING, name=NAMES)
    with translation.override("es"):
        assert str(purpose) == "Novedades"
        purpose.save()
        purpose.refresh_from_db()
        assert str(purpose.name) == "Novedades"
    assert purpose.name == NAMES


def test_what_is_no_mapping_stays_what_it_is(aurora: Sample) -> None:
    field = Purpose._meta.get_field("name")
    assert field.to_python(None) is None
    assert isinstance(field.to_python(NAMES), Localized)
    aurora.purposes["novidades"].name = []
    aurora.purposes["novidades"].save()
    assert Purpose.objects.get(slug="novidades").name == []
