"""The next key of the log: made where nobody sees it, and taking over when the settings say so."""

import io
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consent.log import eras, guard, note, published, tree
from consent.management.commands import rotate_log_key
from consent.sample import Sample
from tests.cast import says

pytestmark = pytest.mark.django_db

SECOND = b"2" * 32


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("rotate_log_key", *arguments, stdout=output)
    return output.getvalue()


def key_file(settings: Any) -> Path:
    return Path(settings.OPTIN_DATA_DIR) / rotate_log_key.FILE


def test_it_makes_a_key_that_only_its_owner_reads_and_does_not_print_it(settings: Any) -> None:
    said = run()

    text = key_file(settings).read_text().strip()
    assert key_file(settings).stat().st_mode & 0o777 == 0o600
    assert text not in said
    assert str(note.Signer.from_seed(published.origin(), b64decode(text)).verifier) in said
    assert f"OPTIN_LOG_KEY_NEXT_FILE={key_file(settings)}" in said


def test_what_it_made_begins_and_ends_a_change_as_it_says(aurora: Sample, settings: Any) -> None:
    says(aurora)
    tree.sequence()
    run()
    old, new = settings.OPTIN_LOG_KEY, b64decode(key_file(settings).read_text())

    settings.OPTIN_LOG_KEY_NEXT = new
    tree.sequence()
    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = new, None
    tree.sequence()

    assert [len(era.keys) for era in eras.read()] == [1, 2, 1]
    signers = [note.Signer.from_seed(published.origin(), seed) for seed in (new, old)]
    assert published.keys() == tuple(signer.verifier for signer in signers)
    call_command("verify_log", stdout=io.StringIO())


def test_a_key_that_was_made_is_not_written_over(settings: Any) -> None:
    run()
    before = key_file(settings).read_text()

    with pytest.raises(CommandError, match="is there already"):
        run()

    assert key_file(settings).read_text() == before


def test_one_change_ends_before_the_next_begins(settings: Any) -> None:
    settings.OPTIN_LOG_KEY_NEXT = SECOND

    with pytest.raises(CommandError, match="under way"):
        run()


def test_a_lost_key_is_replaced_at_once(aurora: Sample, settings: Any) -> None:
    says(aurora)
    tree.sequence()
    settings.OPTIN_LOG_KEY = SECOND

    assert str(published.signing_key().verifier) in run("--at-once")

    assert published.keys() == (published.signing_key().verifier,)
    says(aurora)
    assert tree.sequence() == 1
    call_command("verify_log", stdout=io.StringIO())


def test_a_key_does_not_take_over_from_itself(aurora: Sample) -> None:
    says(aurora)
    tree.sequence()

    with pytest.raises(CommandError, match="signs the log already"):
        run("--at-once")


def test_a_restored_backup_does_not_get_another_key_either(aurora: Sample, settings: Any) -> None:
    says(aurora)
    tree.sequence()
    guard.remember(f"{published.origin()}\n9\n{'A' * 43}=\n\n— {published.origin()} AAAAAAAA\n")
    settings.OPTIN_LOG_KEY = SECOND

    with pytest.raises(CommandError, match="old backup"):
        run("--at-once")


def test_where_a_worker_has_the_log_nothing_is_changed(
    aurora: Sample, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(aurora)
    tree.sequence()
    settings.OPTIN_LOG_KEY = SECOND
    monkeypatch.setattr(tree, "HEAD", 2)  # as a row that another holds, which is skipped

    with pytest.raises(CommandError, match="Stop the workers"):
        run("--at-once")

    assert len(eras.read()) == 1
