"""An erased person is gone: from decisions, from sealed rows, from every byte of the database file."""

import base64
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from consent import decision, erasure, history, integrity, opening, vault
from consent.log import audit, published, tree
from consent.models import (
    CodeTry,
    ConsentRecord,
    ContactPoint,
    Erased,
    Evidence,
    EvidenceFile,
    InboundMessage,
    LogPending,
    OutboundMessage,
    SandboxMessage,
    SubjectKey,
)
from consent.recording import File, Telling
from consent.sample import Sample
from tests import cast
from tests.imports import lists

NAME = "Ana Sample Person"
ADDRESS = "Rua das Amostras 42"


@pytest.fixture
def subject(aurora: Sample) -> UUID:
    """Ana, with everything the product can hold about a person."""
    told = Telling(kind="ask", sender=aurora.sender, text=f"Hello {NAME}")
    recorded = cast.recording.record(
        cast.event(
            aurora,
            evidence={"number": cast.ANA.value, "name": NAME, "address": ADDRESS},
            files=(File(name="scan.png", media_type="image/png", content=NAME.encode()),),
        ),
        tell=lambda _act: [told],
    )
    CodeTry.objects.create(act=recorded.act, tries=2, first_at=timezone.now())
    InboundMessage.objects.create(
        id=vault.new_id(), event=b"e" * 32, provider="twilio", sender=aurora.sender, digest=b"d" * 32,
        sealed=vault.seal_system(item=b"inbound", plaintext=cast.ANA.value.encode()),
        number_key=vault.number_key(cast.ANA), received_at=timezone.now(),
    )  # fmt: skip
    SandboxMessage.objects.create(
        sid="SM1", phone=vault.number_key(cast.ANA), sealed=b"sealed", created_at=timezone.now()
    )
    return recorded.subject


def erase(aurora: Sample, subject: UUID) -> erasure.Erasure:
    return erasure.erase(subject, company=aurora.company, entity="subject")


def test_nothing_sealed_stays(aurora: Sample, subject: UUID) -> None:
    assert erase(aurora, subject).had_something

    for model in (SubjectKey, ContactPoint, Evidence, EvidenceFile):
        assert not model.objects.filter(subject=subject).exists()
    for emptied in (CodeTry, InboundMessage, SandboxMessage):
        assert not emptied.objects.exists()
    message = OutboundMessage.objects.get()
    assert (message.state, bytes(message.sealed), bytes(message.number_key)) == ("expired", b"", b"")
    with pytest.raises(opening.Erased):
        opening.contact_of(subject)


def test_what_is_erased_is_no_longer_known_to_decisions(aurora: Sample, subject: UUID) -> None:
    ask = {"company": aurora.company.pk, "channel": "sms", "purpose": "novidades"}
    assert decision.may_send(cast.ANA, **ask).allow

    erase(aurora, subject)

    assert decision.may_send(cast.ANA, **ask).reason == decision.Reason.NO_RECORD


def test_an_erased_person_stands_nowhere_from_then_on(aurora: Sample, subject: UUID) -> None:
    before = timezone.now()
    erase(aurora, subject)

    assert {each.state for each in history.standings(subject, at=timezone.now()).values()} == {"erased"}
    assert {each.state for each in history.standings(subject, at=before).values()} == {"given"}


def test_the_records_stay_without_anything_personal_and_the_log_verifies(
    aurora: Sample, subject: UUID
) -> None:
    tree.sequence()
    done = erase(aurora, subject)
    tree.sequence()

    assert ConsentRecord.objects.filter(subject=subject).count() == 1
    assert audit.verify(integrity.entries(), logs=published.keys()).size == 2
    entry = cast.entries()[-1].decode()
    assert '"type":"erased"' in entry
    assert str(done.entry) in entry
    assert str(Erased.objects.get(subject=subject).entry) in entry


def test_erasing_twice_does_nothing_the_second_time(aurora: Sample, subject: UUID) -> None:
    erase(aurora, subject)

    assert not erase(aurora, subject).had_something
    assert len([entry for entry in cast.entries() if b"erased" in entry]) == 1


def test_a_company_cannot_erase_the_person_of_another(aurora: Sample, subject: UUID) -> None:
    other = type(aurora.company).objects.create(slug="other", name="Other", legal_name="Other", address="x")

    assert not erasure.erase(subject, company=other, entity="subject").had_something
    assert SubjectKey.objects.filter(subject=subject).exists()


def test_somebody_erased_who_comes_back_is_somebody_new(aurora: Sample, subject: UUID) -> None:
    erase(aurora, subject)

    assert cast.says(aurora, event_time=timezone.now() + timedelta(seconds=1)).subject != subject


def test_whichever_step_fails_everything_stays_and_doing_it_again_finishes(
    aurora: Sample, subject: UUID
) -> None:
    before, steps = counted(), 0
    while not erased_but_for_step(aurora, subject, steps + 1):
        steps += 1
        assert counted() == before
        assert opening.contact_of(subject) == cast.ANA

    assert steps > 10
    assert counted()[SubjectKey] == counted()[Evidence] == counted()[ContactPoint] == 0
    assert counted()[Erased] == 1


def erased_but_for_step(aurora: Sample, subject: UUID, step: int) -> bool:
    """Erase, but let the database be gone at one of the steps; whether there was no such step."""
    taken = 0

    def dies(execute: Any, sql: str, *arguments: Any) -> Any:
        nonlocal taken
        if "SAVEPOINT" not in sql:  # those are the test's own
            taken += 1
            if taken == step:
                raise ConnectionError("the power is gone")
        return execute(sql, *arguments)

    try:
        with connection.execute_wrapper(dies), transaction.atomic():
            return erase(aurora, subject).had_something
    except ConnectionError:
        return False


def counted() -> dict[Any, int]:
    """How many rows there are of everything an erasure touches."""
    touched = (
        SubjectKey, ContactPoint, Evidence, EvidenceFile, CodeTry, InboundMessage, SandboxMessage, OutboundMessage,
        Erased, LogPending,
    )  # fmt: skip
    return {model: model.objects.count() for model in touched}


KILLED = """
import os, signal, sys, django
django.setup()
from django.db import connection, transaction
from consent import erasure
from consent.models import Company
def dies(execute, sql, *rest):
    done = execute(sql, *rest)
    if "consent_erased" in sql and sql.startswith("INSERT"):
        os.kill(os.getpid(), signal.SIGKILL)
    return done
with connection.execute_wrapper(dies):
    erasure.erase(sys.argv[1], company=Company.objects.get(slug="aurora"), entity="subject")
"""


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_after_the_last_step_but_before_the_commit_erased_nobody(
    aurora: Sample, subject: UUID
) -> None:
    before, name = counted(), connection.settings_dict["NAME"]
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    connection.close()

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(subject)],
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL
    assert counted() == before
    assert erase(aurora, subject).had_something


def forms_of(text: str) -> list[bytes]:
    """A text in the forms in which it could lie around: plain, and in the usual encodings."""
    said = {text, text.upper(), text.replace(" ", "+"), text.replace(" ", "%20")}
    if text.startswith("+"):  # a number: its digits with the country, without it, and as people write it
        national = text.removeprefix("+55")
        said |= {text[1:], national, f"({national[:2]}) {national[2:7]}-{national[7:]}", f"%2B{text[1:]}"}
    forms = []
    for plain in (form.encode() for form in said):
        forms += [plain, plain[::-1], plain.hex().encode(), plain.hex().upper().encode()]
        forms += [plain.decode().encode("utf-16-le"), plain.decode().encode("utf-16-be")]
        # Base64 of something that it is in the middle of: three ways, without the letters that others share.
        for before in range(3):
            inside = base64.b64encode(bytes(before) + plain)[4 if before else 0 : -4]
            forms += [inside, inside.translate(bytes.maketrans(b"+/", b"-_"))]
    return forms


def test_a_form_is_found_wherever_it_lies() -> None:
    for before in range(3):
        lying = base64.b64encode(b"x" * before + cast.ANA.value.encode() + b"yz")
        assert any(form in lying for form in forms_of(cast.ANA.value))


@pytest.mark.django_db(transaction=True)
def test_no_byte_of_the_database_files_holds_the_person(aurora: Sample, subject: UUID) -> None:
    erase(aurora, subject)
    tree.sequence()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute("SHOW data_directory")
            files = [path for path in Path(cursor.fetchone()[0]).rglob("*") if path.is_file()]
    else:
        file = Path(str(connection.settings_dict["NAME"]))
        files = [file, *file.parent.glob(f"{file.name}-*")]
    wanted = [form for said in (cast.ANA.value, NAME, ADDRESS) for form in forms_of(said)]
    looked_at = 0
    for path in files:
        with suppress(FileNotFoundError):  # a server removes files of its own while we look
            content = path.read_bytes()
            looked_at += len(content)
            assert not [form for form in wanted if form in content], f"{path.name} holds it"
    assert looked_at > 100_000


def test_verify_log_says_that_all_is_well(
    aurora: Sample, subject: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    erase(aurora, subject)
    tree.sequence()

    call_command("verify_log")

    assert "The log holds: 2 entries" in capsys.readouterr().out


@pytest.mark.parametrize("broken", [ContactPoint, SubjectKey])
def test_whose_contact_does_not_open_any_more_is_erased_all_the_same(
    aurora: Sample, subject: UUID, broken: Any
) -> None:
    batch = lists.bring(aurora, f"fone,data\n{cast.ANA.value},2024-03-15\n")
    broken.objects.filter(subject=subject).update(
        **{"sealed" if broken is ContactPoint else "wrapped": b"broken"}
    )

    assert erase(aurora, subject).had_something

    for model in (SubjectKey, ContactPoint, Evidence, EvidenceFile):
        assert not model.objects.filter(subject=subject).exists()
    assert not OutboundMessage.objects.filter(subject=subject).exclude(sealed=b"", number_key=b"").exists()
    assert not InboundMessage.objects.exists(), "found by the number of the messages that were sent"
    assert not SandboxMessage.objects.exists()
    assert batch.erasures.exists(), "and found in lists by the hash of the contact"
    assert Erased.objects.filter(subject=subject).exists()
