"""The forms of a receipt as files: for people, for other systems, and for whoever does not believe us."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consent import receipts
from consent.log import proofs
from consent.proof import account, dpv, files, kantara, pdf, tlog_proof
from consent.proof.account import Account
from consent.proof.tlog_proof import Logged


@require_safe
def as_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The receipt to print or keep."""
    found, logged = _read(token)
    return files.give(pdf.render(found, logged), _name(found, "pdf"), "application/pdf")


@require_safe
def as_jsonld(request: HttpRequest, token: str) -> HttpResponse:
    """The receipt in ISO/IEC TS 27560 fields and W3C DPV terms."""
    found, logged = _read(token)
    return files.give(
        files.json_file(dpv.receipt(found, logged)), _name(found, "jsonld"), "application/ld+json"
    )


@require_safe
def as_kantara(request: HttpRequest, token: str) -> HttpResponse:
    """The Kantara receipt of what was given; there is none of a no."""
    found, _logged = _read(token)
    receipt = kantara.receipt(found)
    if receipt is None:
        raise Http404("This act gave nothing.")
    return files.give(files.json_file(receipt), _name(found, "json"), "application/json")


@require_safe
def as_bundle(request: HttpRequest, token: str) -> HttpResponse:
    """Entries, proofs, checkpoint and key in one file, for the page that verifies."""
    found, logged = _read(token)
    if len(logged) < len(found.records):
        return files.not_yet(found.language)
    bundle = tlog_proof.bundle([logged[record.uid] for record in found.records])
    return files.give(bundle.encode(), _name(found, "proof.json"), "application/json")


@require_safe
def as_tlog_proof(request: HttpRequest, token: str, record: UUID) -> HttpResponse:
    """The proof that one record is in the published log (C2SP tlog-proof)."""
    return _of_record(
        token, record, lambda logged: (str(logged.proof).encode(), ".tlog-proof", proofs.MEDIA_TYPE)
    )


@require_safe
def as_entry(request: HttpRequest, token: str, record: UUID) -> HttpResponse:
    """The very bytes of one record in the log, which its proof is about."""
    return _of_record(token, record, lambda logged: (logged.entry, ".entry.json", "application/json"))


def _of_record(token: str, record: UUID, form: Callable[[Logged], tuple[bytes, str, str]]) -> HttpResponse:
    found, logged = _read(token)
    if record not in {each.uid for each in found.records}:
        raise Http404("No such record in this act.")
    if record not in logged:
        return files.not_yet(found.language)
    content, extension, media_type = form(logged[record])
    return files.give(content, f"{record}{extension}", media_type)


def _read(token: str) -> tuple[Account, dict[UUID, Logged]]:
    act = receipts.read_token(token)
    found = account.read(act) if act else None
    if found is None:
        raise Http404("No such receipt.")
    return found, tlog_proof.of_records([record.uid for record in found.records])


def _name(found: Account, extension: str) -> str:
    """A file name that tells a person's receipts apart: the day, and the end of the act's id."""
    return f"receipt-{found.first.event_time:%Y-%m-%d}-{found.act.hex[-6:]}.{extension}"
