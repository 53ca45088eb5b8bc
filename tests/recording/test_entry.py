"""What enters the log: canonical bytes, committed to the evidence, without anything personal."""

import base64
import hashlib
import json
import re
from itertools import cycle

import pytest
import rfc8785

from consent import opening, recording, vault
from consent.models import ConsentRecord, EvidenceFile, LogPending
from consent.recording import File, entry
from consent.sample import Sample
from consent.vocabulary import Channel, Language, Possession, State
from tests.cast import ANA, at, entries, event, says, stops

HEX = re.compile(r"[0-9a-f]{64}")


def the_entry() -> dict[str, object]:
    (data,) = entries()
    return dict(json.loads(data))


def test_an_entry_says_what_the_record_says(aurora: Sample) -> None:
    recorded = says(aurora, event_time=at("2026-02-01 12:00"))
    record = ConsentRecord.objects.get()
    said = the_entry()
    assert HEX.fullmatch(str(said.pop("evidence")))
    assert said == {
        "type": "consent",
        "id": str(recorded.records[0]),
        "act": str(recorded.act),
        "subject": str(recorded.subject),
        "company": "aurora",
        "purpose": "novidades",
        "channel": "sms",
        "state": "given",
        "possession": "code",
        "valid_days": 730,
        "point": "novidades",
        "notice": aurora.version.digest,
        "language": "pt-BR",
        "method": "website",
        "entity": "subject",
        "event_time": "2026-02-01T12:00:00.000000Z",
        "recorded_at": record.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }


def test_a_stop_of_everything_names_no_purpose_rather_than_null(aurora: Sample) -> None:
    stops(aurora, point=None)
    assert {"purpose", "point", "notice"}.isdisjoint(the_entry())
    assert b"null" not in entries()[0]


def test_an_entry_is_what_somebody_elses_canonical_json_would_be(aurora: Sample) -> None:
    for channel, state, language in zip(
        cycle(Channel.values), State.values, cycle(Language.values), strict=False
    ):
        is_stop = state == State.WITHDRAWN
        says(
            aurora,
            channel=channel,
            state=state,
            language=language,
            purpose=None if is_stop else aurora.purposes["pedidos"],
        )
    assert len(entries()) == len(State.values)
    for data in entries():
        assert data == rfc8785.dumps(json.loads(data))
        assert data.isascii()


def test_an_entry_has_only_fixed_keys_text_and_whole_numbers(aurora: Sample) -> None:
    says(aurora)
    assert {type(value) for value in the_entry().values()} == {str, int}


def test_the_entry_waits_under_the_id_of_its_record(aurora: Sample) -> None:
    recorded = says(aurora)
    waiting = LogPending.objects.get()
    assert waiting.pk == recorded.records[0]
    assert waiting.arrival == ConsentRecord.objects.get().recorded_at


PERSONAL = {
    "text": "Ana Lúcia Prado diz sim",
    "number": ANA.value,
    "address": "203.0.113.77",
    "user_agent": "Mozilla/5.0 (Ana's phone)",
}


def spellings(text: str) -> list[bytes]:
    """A text as it might be found by somebody who searches the log for it."""
    raw = text.encode()
    return [
        raw,
        text.removeprefix("+").encode(),
        raw.hex().encode(),
        base64.b64encode(raw).rstrip(b"="),
        hashlib.sha256(raw).hexdigest().encode(),
        hashlib.sha1(raw).hexdigest().encode(),
        hashlib.md5(raw).hexdigest().encode(),
        hashlib.sha256(text.removeprefix("+").encode()).hexdigest().encode(),
    ]


def test_an_entry_holds_nothing_personal_and_nothing_that_could_be_guessed(aurora: Sample) -> None:
    says(aurora, evidence=PERSONAL, reference=f"website:{ANA.value}")
    (data,) = entries()
    for text in (*PERSONAL.values(), ANA.value, ANA.value[-8:], f"website:{ANA.value}"):
        for spelling in spellings(text):
            assert spelling not in data
    # Not even a keyed hash: it would say which entries are of one number across companies.
    for keyed in (vault.lookup(aurora.company.pk, ANA), vault.number_key(ANA)):
        assert keyed.hex().encode() not in data


def test_a_record_holds_nothing_personal(aurora: Sample) -> None:
    says(aurora, evidence=PERSONAL)
    row = ConsentRecord.objects.values().get()
    for text in (*PERSONAL.values(), ANA.value, ANA.value[-8:]):
        assert text not in str(row)


def test_the_same_evidence_is_committed_to_differently_each_time(aurora: Sample) -> None:
    says(aurora, evidence=PERSONAL)
    says(aurora, evidence=PERSONAL)
    commitments = {json.loads(data)["evidence"] for data in entries()}
    assert len(commitments) == 2


# --- the evidence


def test_the_evidence_opens_and_is_what_the_entry_commits_to(aurora: Sample) -> None:
    recorded = says(aurora, evidence=PERSONAL)
    salt, evidence = opening.evidence_bytes(recorded.act)
    assert json.loads(evidence) == opening.evidence_of(recorded.act) == PERSONAL
    assert evidence == rfc8785.dumps(PERSONAL)
    assert vault.commitment(salt, evidence) == the_entry()["evidence"]
    assert len(salt) == 32


def test_the_records_of_one_act_commit_to_one_evidence(aurora: Sample) -> None:
    first = event(aurora)
    second = event(aurora, channel=Channel.VOICE, evidence=first.evidence, reference=first.reference)
    recording.record(first, second)
    assert len({json.loads(data)["evidence"] for data in entries()}) == 1


def test_a_scan_is_sealed_and_the_log_commits_to_its_bytes(aurora: Sample) -> None:
    page = File(name="page-1", media_type="image/png", content=b"\x89PNG Ana")
    recorded = says(aurora, files=(page,))
    kept = EvidenceFile.objects.get()
    key = opening.key_of(recorded.subject)
    assert b"Ana" not in bytes(kept.sealed)
    assert vault.open_sealed(key, item=b"file" + kept.pk.bytes, sealed=kept.sealed) == page.content
    assert opening.evidence_of(recorded.act)["files"] == [
        {"name": "page-1", "media_type": "image/png", "sha256": hashlib.sha256(page.content).hexdigest()}
    ]


def test_a_contact_opens_to_the_spelling_people_are_written_to(aurora: Sample) -> None:
    recorded = says(aurora)
    assert opening.contact_of(recorded.subject) == ANA
    assert opening.contact_of(recorded.subject, scheme="whatsapp-user-id") is None


# --- its size


def test_the_longest_names_the_tables_take_fit_into_an_entry(aurora: Sample) -> None:
    longest = "x" * 40
    aurora.company.slug = aurora.purposes["novidades"].slug = aurora.point.slug = longest
    says(
        aurora,
        entity=longest,
        method="x" * 16,
        language=Language.PORTUGUESE,
        channel=Channel.WHATSAPP,
        state=State.INVALIDATED,
        possession=Possession.INBOUND,
    )
    assert len(entries()[0]) < entry.ENTRY_LIMIT / 2


OWN = {
    "id": "1" * 36, "act": "2" * 36, "subject": "3" * 36, "evidence": "4" * 64,
    "event_time": "2026-02-01T12:00:00.000000Z", "recorded_at": "2026-02-01T12:00:01.000000Z",
}  # fmt: skip


def test_an_entry_of_2048_bytes_is_the_largest() -> None:
    empty = len(entry.of_record(**OWN, note=""))
    assert len(entry.of_record(**OWN, note="x" * (2048 - empty))) == 2048
    with pytest.raises(ValueError, match="2048 bytes; this one has 2049"):
        entry.of_record(**OWN, note="x" * (2049 - empty))


@pytest.mark.parametrize("text", ["100 % s", "%s%d%%", 'a "b" \\ c', "\n", "ação 🎉", ""])
def test_whatever_records_have_alike_stands_in_each_of_their_entries(text: str) -> None:
    for number in (1, 2, None, 1):
        fields = {
            name: value for name, value in {"type": text, "valid_days": number}.items() if value is not None
        }
        assert entry.of_record(**OWN, type=text, valid_days=number) == rfc8785.dumps({**OWN, **fields})
