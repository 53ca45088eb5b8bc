"""An erased person is gone: from decisions, from sealed rows, from every byte of the database file."""

import base64
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from consent import decision, erasure, integrity, opening, vault
from consent.log import audit, published, tree
from consent.models import (
    CodeTry,
    ConsentRecord,
    ContactPoint,
    Erased,
    Evidence,
    EvidenceFile,
    InboundMessage,
    OutboundMessage,
    SandboxMessage,
    SubjectKey,
)
from consent.recording import File, Telling
from consent.sample import Sample
from tests import cast

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


def forms_of(text: str) -> list[bytes]:
    """A text in the forms in which it could lie around."""
    plain = text.encode()
    return [
        plain, plain.hex().encode(), plain.hex().upper().encode(), base64.b64encode(plain)[:-4], plain[::-1],
        text.encode("utf-16-le"), text.encode("utf-16-be"), text.replace(" ", "+").encode(),
        text.replace(" ", "%20").encode(), text.lstrip("+").encode(),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_no_byte_of_the_database_files_holds_the_person(aurora: Sample, subject: UUID) -> None:
    erase(aurora, subject)
    tree.sequence()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            cursor.execute("SHOW data_directory")
            folder = Path(cursor.fetchone()[0])
    else:
        folder = Path(str(connection.settings_dict["NAME"])).parent
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".env"]
    assert files
    for path in files:
        content = path.read_bytes()
        for said in (cast.ANA.value, NAME, ADDRESS):
            assert not [form for form in forms_of(said) if form in content], f"{path.name} holds it"


def test_verify_log_says_that_all_is_well(
    aurora: Sample, subject: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    erase(aurora, subject)
    tree.sequence()

    call_command("verify_log")

    assert "The log holds: 2 entries" in capsys.readouterr().out
