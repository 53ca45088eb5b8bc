"""A page whose files were not collected is plain, and it is there."""

from pathlib import Path

import pytest
from django.test import override_settings

from optin_site.static import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    with override_settings(STATIC_ROOT=str(tmp_path), DEBUG=False):
        return Storage(location=str(tmp_path), base_url="/static/")


def test_a_file_that_was_not_collected_keeps_its_plain_name(storage: Storage) -> None:
    assert storage.url("consent/icon.svg") == "/static/consent/icon.svg"


def test_a_collected_file_is_named_after_its_content(storage: Storage) -> None:
    storage.hashed_files["consent/icon.svg"] = "consent/icon.0123456789ab.svg"

    assert storage.url("consent/icon.svg") == "/static/consent/icon.0123456789ab.svg"
