"""The case file: everything that proves what one person agreed to, checkable without us and without a network."""

import hashlib
import io
import zipfile
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

from consent import history, opening, publishing
from consent.casefile import cover, looks
from consent.log import note, published
from consent.models import Company, ConsentRecord, Erased, EvidenceFile, NoticeVersion
from consent.proof import account, dpv, files, kantara, pdf, tlog_proof
from consent.proof.tlog_proof import Logged

FIRST_LINE = "Optin case file v1"
CHECK = Path(__file__).with_name("check.py")
# The same case file made twice is the same bytes, but for what happened in between.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def build(subject: UUID, *, company: Company, language: str, at: datetime) -> bytes:
    """The case file of a person as a zip, with everything that has its place in the log at this moment.

    The cover is in `language`. Evidence that was erased is left out; what the log says of it is not.
    """
    contents = dict(_files(subject, company=company, language=language, at=at))
    manifest = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items())
    )
    contents["manifest.txt"] = note.sign(f"{FIRST_LINE}\n{manifest}", published.signing_key()).encode()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(f"case/{name}", ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _files(subject: UUID, *, company: Company, language: str, at: datetime) -> Iterator[tuple[str, bytes]]:
    records = list(
        ConsentRecord.objects.filter(subject__in=history.ids_of([subject])[subject], company=company)
        .select_related("company", "purpose", "notice__notice__company", "point__sender")
        .order_by("arrival")
    )
    erased = Erased.objects.filter(subject=subject).first()
    logged = tlog_proof.of_records([*(record.uid for record in records), *([erased.entry] if erased else [])])
    yield "cover.pdf", cover.render(subject, records, logged, company=company, language=language, at=at)
    yield "check.py", CHECK.read_bytes()
    yield "log.vkey", f"{published.signing_key().verifier}\n".encode()
    last = published.latest()
    if last is not None:
        yield "checkpoint.txt", last.note.encode()
    for each in logged.values():
        yield f"records/{each.record}.entry.json", each.entry
        yield f"records/{each.record}.tlog-proof", str(each.proof).encode()
    yield from _evidence(subject, company=company, language=language)
    yield from _receipts({record.act_id for record in records}, logged)
    for version in {record.notice for record in records if record.notice is not None}:
        yield from _notice(version)


def _evidence(subject: UUID, *, company: Company, language: str) -> Iterator[tuple[str, bytes]]:
    for act, (salt, evidence) in opening.all_evidence_of(subject).items():
        yield f"evidence/{act}.json", evidence
        yield f"evidence/{act}.salt", f"{salt.hex()}\n".encode()
        look = looks.render(evidence, company=company, language=language)
        if look is not None:
            yield f"looks/{act}.html", look
    for file in EvidenceFile.objects.filter(subject=subject):
        yield f"evidence/{file.act}/{file.pk}-{file.name}", opening.file_content(file)


def _receipts(acts: Collection[UUID], logged: dict[UUID, Logged]) -> Iterator[tuple[str, bytes]]:
    accounts = list(account.read_all(acts).values())
    for told, sheet in zip(accounts, pdf.render_all(accounts, logged), strict=True):
        yield f"receipts/{told.act}.pdf", sheet
        yield f"receipts/{told.act}.jsonld", files.json_file(dpv.receipt(told, logged))
        kantara_receipt = kantara.receipt(told)
        if kantara_receipt is not None:
            yield f"receipts/{told.act}.kantara.json", files.json_file(kantara_receipt)


def _notice(version: NoticeVersion) -> Iterator[tuple[str, bytes]]:
    yield f"notices/{version.digest}.json", publishing.content(version)
    for language, wordings in version.wordings.items():
        for wording, text in wordings.items():
            yield f"notices/{version.digest}/{language}-{wording}.txt", f"{text}\n".encode()
