"""Verifying the log: entries a second that `verify_log` recomputes, records compared as well."""

from bench import figures, house

house.begin()

import hashlib
import time

from django.db import transaction
from django.utils import timezone

from consent import integrity, recording, sample
from consent.contact import Contact
from consent.log import audit, published, tree
from consent.models import LogEntry
from consent.recording import ConsentEvent, Keys, keys_of

PROMISED = 50_000  # entries a second and core
BATCH = 500


def main() -> None:
    chosen = figures.arguments(__doc__ or "", records=1_000_000)
    records = 20_000 if chosen.quick and chosen.records == 1_000_000 else chosen.records
    fill(sample.seed(), records)
    bound = sha256_bound(bytes(LogEntry.objects.values_list("data", flat=True)[0]))
    rates = figures.rounds({"verify_log": lambda: rate(records)}, times=chosen.rounds)["verify_log"]
    ours = figures.middle(rates)
    figures.report(
        [
            figures.Promise(
                f"verify_log of {records:,} entries, to {PROMISED:,}/s",
                ours / PROMISED,
                f"{ours:,.0f}/s, {records / ours:.1f} s in all",
                f"{PROMISED:,}/s; one core hashes {bound:,.0f}/s",
                1,
                True,
            )
        ],
        command="python -m bench.verify",
        machine=house.machine(),
    )


def fill(aurora: sample.Sample, records: int) -> None:
    """Record so many yeses through the door, each by another person, and give them their places."""
    for start in range(0, records, BATCH):
        events = [event(aurora, start + n) for n in range(BATCH)]
        with transaction.atomic():
            recording.record_each([((one,), _keys(one)) for one in events])
    while tree.sequence():
        pass


def _keys(one: ConsentEvent) -> Keys:
    return keys_of(one.company.pk, one.contact, reference=one.reference)


def event(aurora: sample.Sample, number: int) -> ConsentEvent:
    return ConsentEvent(
        company=aurora.company,
        contact=Contact("tel", f"+5511{number:09d}"),
        purpose=aurora.purposes["novidades"],
        channel="sms",
        state="given",
        notice=aurora.version,
        language="pt-BR",
        event_time=timezone.now(),
        method="website",
        evidence={"text": "bench"},
        reference=f"bench:{number}",
        possession="code",
        point=aurora.point,
    )


def rate(records: int) -> float:
    """Entries a second of the whole check, as the command does it."""
    begun = time.perf_counter()
    verified = audit.verify(integrity.entries(), logs=published.keys())
    assert verified.size >= records
    return verified.size / (time.perf_counter() - begun)


def sha256_bound(entry: bytes) -> float:
    """Entries a second that one core could hash at best: a leaf and a node each."""
    begun = time.perf_counter()
    for _ in range(100_000):
        hashlib.sha256(b"\x00" + entry).digest()
        hashlib.sha256(b"\x01" + entry[:64]).digest()
    return 100_000 / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
