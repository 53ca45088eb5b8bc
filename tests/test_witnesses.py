"""Our log and its witnesses: it is cosigned, it goes on without them, and it stops where they prove that it must."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.utils import timezone

from consent import sample, witnesses
from consent.log import checkpoint, eras, guard, note, published, tree
from consent.log.cosignature import Cosigner
from consent.models import Checkpoint, Cosignature, LogEntry, LogPending, LogWitness
from consent.providers import egress
from consent.sample import Sample
from tests import cast
from tests.log.backups import backup
from tests.witness import partner, scripted
from tests.witness.partner import Partner
from tests.witness.scripted import Scripted

pytestmark = pytest.mark.django_db

WITNESS = Cosigner.from_seed("witness.example", b"w" * 32)


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    egress.hang_up()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "witness"


@pytest.fixture
def witness(folder: Path, settings: Any) -> Iterator[Partner]:
    """A partner's witness that cosigns our log, and that we ask."""
    with partner.listening(folder, published.signing_key().verifier) as running:
        settings.OPTIN_WITNESSES = [running.setting]
        yield running


@pytest.fixture
def liar(settings: Any) -> Iterator[Scripted]:
    """A witness with a key of its own that answers anything."""
    with scripted.listening() as running:
        settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} {running.address}/"]
        yield running


def publish(aurora: Sample, count: int = 1) -> Checkpoint:
    for _number in range(count):
        cast.says(aurora, cast.stranger(LogEntry.objects.count() + LogPending.objects.count()))
    tree.sequence()
    latest = published.latest()
    assert latest is not None
    return latest


def drain() -> int:
    """Ask at once, whatever was put off."""
    LogWitness.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    return witnesses.drain()


def row() -> LogWitness:
    return LogWitness.objects.get()


def cosigned(served: str, witness: Partner) -> tuple[note.Signature, ...]:
    log = published.signing_key().verifier
    return checkpoint.verify(served, log=log, witnesses=[witness.verifier]).cosignatures


# --- it is cosigned


def test_what_was_published_is_cosigned_and_served_so(
    aurora: Sample, witness: Partner, client: Client
) -> None:
    latest = publish(aurora)
    assert cosigned(client.get("/log/checkpoint").text, witness) == ()

    assert drain() == 1

    served = client.get("/log/checkpoint").text
    (signature,) = cosigned(served, witness)
    assert served.startswith(latest.note)
    assert signature.time == pytest.approx(time.time(), abs=60)
    assert witness.latest(published.origin()) == served
    assert Cosignature.objects.get().cosigned_at.timestamp() == signature.time


def test_the_next_one_is_proved_to_continue_it(aurora: Sample, witness: Partner) -> None:
    for count in (1, 3, 1, 260, 2):
        latest = publish(aurora, count)
        assert drain() == 1
        assert cosigned(published.cosigned(latest), witness)
    assert Cosignature.objects.count() == 5
    assert row().size == latest.size


def test_checkpoints_between_two_questions_are_left_out(aurora: Sample, witness: Partner) -> None:
    first, second = publish(aurora), publish(aurora)
    drain()

    assert not cosigned(published.cosigned(first), witness)
    assert cosigned(published.cosigned(second), witness)


def test_an_empty_log_has_nothing_to_ask(witness: Partner) -> None:
    assert drain() == 0
    assert not LogWitness.objects.exists()


def test_without_witnesses_nobody_is_asked(aurora: Sample) -> None:
    publish(aurora)

    assert drain() == 0
    witnesses.look()


def test_a_witness_is_asked_once_for_each_checkpoint_and_not_too_often(
    aurora: Sample, witness: Partner
) -> None:
    publish(aurora)
    assert [drain(), drain()] == [1, 0]

    publish(aurora)
    LogWitness.objects.update(due_at=timezone.now() + witnesses.EVERY)
    assert witnesses.drain() == 0, "it was asked a moment ago"
    assert drain() == 1


def test_a_witness_that_knows_more_than_we_remember_says_so_and_is_asked_again(
    aurora: Sample, witness: Partner
) -> None:
    publish(aurora, 3)
    drain()
    LogWitness.objects.update(size=0)
    latest = publish(aurora, 2)

    assert drain() == 1
    assert row().size == latest.size


def test_a_witness_that_knows_less_than_we_remember_does_too(aurora: Sample, witness: Partner) -> None:
    publish(aurora, 3)
    drain()
    LogWitness.objects.update(size=2)
    publish(aurora, 2)

    assert drain() == 1


def test_an_answer_that_was_lost_is_asked_for_again(aurora: Sample, witness: Partner) -> None:
    first = publish(aurora)
    drain()
    second = publish(aurora)
    # As if we had been killed after it cosigned and before we kept it.
    asked = witnesses._request(first.size, second)
    assert egress.post_to_witness(f"{witness.address}/add-checkpoint", asked).status == 200

    assert drain() == 1
    assert cosigned(published.cosigned(second), witness)


def test_two_workers_ask_a_witness_once(
    aurora: Sample, liar: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.says = [(200, "")]
    publish(aurora)
    drain()
    LogWitness.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    stale = row()
    LogWitness.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    monkeypatch.setattr(witnesses, "_row", lambda _witness: stale)

    assert witnesses.drain() == 0
    assert len(liar.asked) == 1


def test_every_witness_is_asked_though_one_is_away(aurora: Sample, witness: Partner, settings: Any) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} http://127.0.0.1:9", witness.setting]
    publish(aurora)

    assert witnesses.drain() == 1


# --- while the log changes its key


def test_every_witness_is_asked_though_asking_one_breaks(
    aurora: Sample, witness: Partner, liar: Scripted, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} {liar.address}/", witness.setting]
    publish(aurora)
    post = egress.post_to_witness

    def breaks(address: str, body: str) -> Any:
        if address.startswith(liar.address):
            raise RecursionError("odd")
        return post(address, body)

    monkeypatch.setattr(egress, "post_to_witness", breaks)
    assert drain() == 1

    odd = LogWitness.objects.get(vkey=str(WITNESS.verifier))
    assert (odd.failures, odd.trouble) == (1, "broke something that nobody expected")


def test_a_witness_follows_a_change_of_keys(aurora: Sample, folder: Path, settings: Any) -> None:
    first = published.signing_key().verifier
    second = note.Signer.from_seed(first.name, b"2" * 32)
    with partner.listening(folder, first, second.verifier) as running:
        settings.OPTIN_WITNESSES = [running.setting]
        publish(aurora)
        assert drain() == 1
        settings.OPTIN_LOG_KEY_NEXT = b"2" * 32
        publish(aurora)
        assert drain() == 1
        settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = b"2" * 32, None
        latest = publish(aurora)
        assert drain() == 1
        assert checkpoint.verify(
            running.latest(first.name), log=second.verifier, witnesses=[running.verifier]
        ).cosignatures
        assert cosigned(published.cosigned(latest), running)


def test_a_witness_that_was_not_told_of_the_new_key_says_so(
    aurora: Sample, witness: Partner, settings: Any
) -> None:
    publish(aurora)
    drain()
    settings.OPTIN_LOG_KEY = b"2" * 32
    tree.sequence(change=eras.at_once(eras.read(), timezone.now()))

    assert drain() == 0
    assert row().trouble == "answers 403"


# --- a witness that is no help stops nothing


def refused(aurora: Sample, liar: Scripted, *answers: tuple[int, str]) -> str:
    """Why a witness that answers so did not cosign; the log goes on."""
    liar.says = list(answers)
    before = publish(aurora)
    assert drain() == 0
    assert publish(aurora).size == before.size + 1
    assert not Cosignature.objects.exists()
    return row().trouble


@pytest.mark.parametrize("status", [400, 403, 404, 413, 422, 429, 500, 503, 302])
def test_a_witness_that_refuses_stops_nothing(aurora: Sample, liar: Scripted, status: int) -> None:
    assert refused(aurora, liar, (status, "no")) == f"answers {status}"


@pytest.mark.parametrize(
    "body", ["", "hello\n", "— witness.example AAAAAAAA\n", "\n\n", "— \n", "x" * 300_000]
)
def test_a_cosignature_that_is_none_is_not_kept(aurora: Sample, liar: Scripted, body: str) -> None:
    assert refused(aurora, liar, (200, body)) in {
        "answers what is no cosignature of its own",
        "egress.answer_too_big",
    }


def test_a_cosignature_of_another_checkpoint_is_not_kept(aurora: Sample, liar: Scripted) -> None:
    line = WITNESS.cosign("elsewhere.example/log\n1\n", time=int(time.time()))

    assert refused(aurora, liar, (200, f"{line}\n")) == "answers what is no cosignature of its own"


def cosigning(liar: Scripted, latest: Checkpoint, *, at: int) -> None:
    """Have the witness cosign this checkpoint at a time of its own."""
    text, _lines = note.split(latest.note)
    stranger = Cosigner.from_seed("other.example", b"o" * 32)
    lines = [signer.cosign(text, time=at) for signer in (stranger, WITNESS)]
    liar.says = [(200, "".join(f"{line}\n" for line in lines))]


@pytest.mark.parametrize("at", [1, 1 << 40, (1 << 63) - 1])
def test_a_cosignature_of_another_age_is_not_kept(aurora: Sample, liar: Scripted, at: int) -> None:
    cosigning(liar, publish(aurora), at=at)

    assert drain() == 0
    assert row().trouble == "cosigns at a time that cannot be"


def test_where_two_clocks_differ_somebody_is_told(
    aurora: Sample, liar: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    cosigning(liar, publish(aurora), at=int(time.time()) - 3600)

    assert drain() == 1
    assert "clock of witness witness.example" in caplog.text


def test_only_its_own_line_is_kept_of_what_a_witness_answers(aurora: Sample, liar: Scripted) -> None:
    latest = publish(aurora)
    cosigning(liar, latest, at=int(time.time()))

    assert drain() == 1
    assert Cosignature.objects.get().line.startswith("— witness.example ")
    assert "other.example" not in published.cosigned(latest)


@pytest.mark.parametrize("body", ["", "five\n", "5", "-1\n"])
def test_a_conflict_without_a_size_is_no_answer(aurora: Sample, liar: Scripted, body: str) -> None:
    assert refused(aurora, liar, (409, body)) == "answers a conflict without its size"


def test_a_witness_that_names_one_size_after_another_is_left_alone(aurora: Sample, liar: Scripted) -> None:
    publish(aurora, 5)

    trouble = refused(aurora, liar, (409, "1\n"), (409, "2\n"), (409, "3\n"), (409, "4\n"))

    assert trouble == "names one size after another"
    assert len(liar.asked) == witnesses.ATTEMPTS


def test_a_witness_that_is_away_is_asked_less_and_less_often(
    aurora: Sample, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} http://127.0.0.1:9"]
    waits = []
    for _time in range(10):
        publish(aurora)
        assert drain() == 0
        waits.append(row().due_at - timezone.now())

    assert waits[0] <= witnesses.FIRST_WAIT < waits[1] < waits[2]
    assert waits[-1] <= witnesses.LONGEST_WAIT
    assert row().failures == 10
    assert caplog.text.count("egress.connection") == 1, "said once, not each time"


def test_whoever_watches_is_told_of_a_witness_that_stays_away(
    aurora: Sample, witness: Partner, settings: Any, client: Client
) -> None:
    publish(aurora)
    address = settings.OPTIN_WITNESSES
    settings.OPTIN_WITNESSES = [f"{witness.verifier} http://127.0.0.1:9"]
    for _time in range(8):
        drain()
    assert client.get("/readyz").status_code == 200, "it may be restarting"
    drain()
    told = client.get("/readyz")
    assert told.status_code == 503
    assert witness.verifier.name in told.text
    settings.OPTIN_WITNESSES = address
    drain()
    assert client.get("/readyz").status_code == 200


def test_a_witness_that_comes_back_is_asked_as_before(
    aurora: Sample, witness: Partner, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    publish(aurora)
    address = settings.OPTIN_WITNESSES
    settings.OPTIN_WITNESSES = [f"{witness.verifier} http://127.0.0.1:9"]
    drain()
    settings.OPTIN_WITNESSES = address

    assert drain() == 1
    assert (row().failures, row().trouble) == (0, "")
    assert row().due_at <= timezone.now() + witnesses.EVERY
    assert "cosigns again" in caplog.text


def test_whatever_it_answers_no_other_address_is_spoken_to(settings: Any) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} https://witness.example"]
    for wrong in ("https://witness.example.org/x", "https://elsewhere.example/", "file:///etc/passwd"):
        with pytest.raises(egress.Failure, match="refused"):
            egress.get_from_witness(wrong)
        with pytest.raises(egress.Failure, match="refused"):
            egress.post_to_witness(wrong, "")
    with pytest.raises(egress.Failure, match="refused"):
        egress.post("https://witness.example/", {"form": "with a password"})


# --- a witness that proves we forgot


def forget_the_file() -> None:
    """As on a new machine, where only the database was restored."""
    guard.forget()


def test_a_restored_backup_is_told_by_a_witness_before_anything_is_appended(
    aurora: Sample, witness: Partner
) -> None:
    publish(aurora, 2)
    drain()
    with backup() as yesterday:
        publish(aurora, 3)
        drain()
        yesterday.restore()
        forget_the_file()
        cast.says(aurora, cast.BRUNO)

        with pytest.raises(guard.LogBehind, match=r"5 entries .* docs/log-succession\.md"):
            witnesses.look()

        with pytest.raises(guard.LogBehind):
            tree.sequence()
        assert published.latest().size == 2  # type: ignore[union-attr]
        assert LogPending.objects.count() == 1


def test_a_witness_that_knows_more_proves_it_when_it_is_asked(
    aurora: Sample, witness: Partner, caplog: pytest.LogCaptureFixture
) -> None:
    publish(aurora, 2)
    drain()
    with backup() as yesterday:
        publish(aurora, 3)
        drain()
        yesterday.restore()
        forget_the_file()
        publish(aurora)  # nobody had looked: four entries now, of which the last is another

        with pytest.raises(guard.LogBehind):
            drain()

        assert "Witness witness.example proves it" in caplog.text
        assert "\n5\n" in row().contradiction
        with pytest.raises(guard.LogBehind):
            publish(aurora)


def test_a_log_that_forked_unnoticed_is_caught_by_its_root(aurora: Sample, witness: Partner) -> None:
    publish(aurora, 2)
    drain()
    with backup() as yesterday:
        publish(aurora, 3)
        drain()
        yesterday.restore()
        forget_the_file()
        publish(aurora, 6)  # larger than what the witness knows, and not its continuation

        with pytest.raises(guard.LogBehind, match=r"8 entries .* 5 entries"):
            drain()


def test_the_newest_backup_lets_the_log_go_on(aurora: Sample, witness: Partner) -> None:
    publish(aurora, 2)
    drain()
    with backup() as yesterday:
        publish(aurora, 3)
        drain()
        with backup("newest") as newest:
            yesterday.restore()
            with pytest.raises(guard.LogBehind):
                witnesses.look()
            newest.restore()

            witnesses.look()
            publish(aurora)
            assert drain() == 1


def test_what_is_said_without_proof_stops_nothing(aurora: Sample, liar: Scripted) -> None:
    """A witness could stop any log with a large number, if its word were enough."""
    for shown in (
        (404, ""),
        (500, ""),
        (200, "hello"),
        (200, note.sign("localhost/log\n9\n", note.Signer.from_seed("localhost/log", bytes(32)))),
    ):
        LogWitness.objects.all().delete()
        liar.shows = shown
        trouble = refused(aurora, liar, (409, "999999\n"))
        assert trouble in {
            "says it knows 999999 entries, and does not prove it",
            "shows what no key of ours signed",
        }
        witnesses.look()
    assert row().contradiction == ""


def test_a_checkpoint_of_another_key_proves_nothing(aurora: Sample, liar: Scripted) -> None:
    publish(aurora)
    origin = published.origin()
    thief = note.Signer.from_seed(origin, b"t" * 32)
    liar.shows = (200, checkpoint.sign(origin=origin, size=99, root=bytes(32), key=thief))

    assert refused(aurora, liar, (409, "99\n")) == "shows what no key of ours signed"


def test_an_older_checkpoint_of_ours_proves_nothing_either(aurora: Sample, liar: Scripted) -> None:
    liar.shows = (200, publish(aurora).note)

    assert "does not prove it" in refused(aurora, liar, (409, "99\n"))
    assert refused(aurora, liar, (422, "")) == "answers 422"


def test_a_witness_that_was_never_asked_has_nothing_against_us(aurora: Sample, witness: Partner) -> None:
    publish(aurora)

    witnesses.look()


def test_a_witness_that_cannot_be_reached_does_not_keep_the_worker_from_starting(
    aurora: Sample, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} http://127.0.0.1:9"]

    witnesses.look()

    assert "could not be looked at: egress.connection" in caplog.text


# --- the setting


@pytest.mark.parametrize(
    "setting",
    [
        "witness.example",
        f"{WITNESS.verifier}",
        f"{WITNESS.verifier} witness.example",
        f"{WITNESS.verifier} ftp://witness.example",
        f"{note.Signer.from_seed('log.example', bytes(32)).verifier} https://witness.example",
        f"{str(WITNESS.verifier).replace('+', '+0', 1)} https://witness.example",
    ],
)
def test_a_witness_that_cannot_be_read_is_named(settings: Any, setting: str) -> None:
    settings.OPTIN_WITNESSES = [setting]

    with pytest.raises(ImproperlyConfigured, match="OPTIN_WITNESSES"):
        witnesses.configured()


def test_witnesses_are_read_with_their_addresses(settings: Any) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier}  https://witness.example/optin/ "]

    assert witnesses.configured() == [witnesses.Witness(WITNESS.verifier, "https://witness.example/optin")]


# --- the whole way


@pytest.mark.django_db(transaction=True)
def test_workers_in_threads_ask_for_one_cosignature_each_checkpoint(folder: Path, settings: Any) -> None:
    aurora = sample.seed()
    with partner.listening(folder, published.signing_key().verifier) as running:
        settings.OPTIN_WITNESSES = [running.setting]
        latest = publish(aurora, 3)
        counts: list[int] = []

        def work() -> None:
            try:
                counts.append(witnesses.drain())
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(counts) == 1
        assert cosigned(published.cosigned(latest), running)
