"""The certificate of an erasure as the person gets it: a page, a PDF, and the proof that checks without us."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from consent import branding, languages
from consent.log import proofs
from consent.proof import certificate, files, tlog_proof
from consent.proof.certificate import Certificate
from consent.vocabulary import Language, django_code


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The certificate in plain words, at an address that only the person was given."""
    found = _read(token)
    language = _language(request, found)
    with override(django_code(language)):
        response = render(
            request,
            "consent/certificate.html",
            {
                "token": token,
                "certificate": found,
                "company": found.company,
                "brand": branding.brand(found.company),
                "title": certificate.title(),
                "lead": certificate.lead(found),
                "sections": certificate.sections(found),
                "languages": languages.switch(list(Language.values), language),
            },
        )
    return files.private(response)


@require_safe
def as_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The certificate to print or keep."""
    found = _read(token)
    with override(django_code(_language(request, found))):
        content = certificate.as_pdf(found)
    return files.give(content, _name(found, "pdf"), "application/pdf")


@require_safe
def as_bundle(_request: HttpRequest, token: str) -> HttpResponse:
    """Entry, proof, checkpoint and key in one file, for the page that verifies."""
    found = _read(token)
    if found.logged is None:
        return files.not_yet(found.language)
    return files.give(
        tlog_proof.bundle([found.logged]).encode(), _name(found, "proof.json"), "application/json"
    )


@require_safe
def as_tlog_proof(_request: HttpRequest, token: str) -> HttpResponse:
    """The proof that the erasure is in the published log (C2SP tlog-proof); it carries the entry itself."""
    found = _read(token)
    if found.logged is None:
        return files.not_yet(found.language)
    return files.give(str(found.logged.proof).encode(), f"{found.entry}.tlog-proof", proofs.MEDIA_TYPE)


@require_safe
def as_entry(_request: HttpRequest, token: str) -> HttpResponse:
    """The very bytes of the erasure in the log."""
    found = _read(token)
    if found.logged is None:
        return files.not_yet(found.language)
    return files.give(found.logged.entry, f"{found.entry}.entry.json", "application/json")


def _read(token: str) -> Certificate:
    found = certificate.read(token)
    if found is None:
        raise Http404("No such certificate.")
    return found


def _language(request: HttpRequest, found: Certificate) -> str:
    """The person's own language, which they spoke last, unless they ask for another."""
    offered = list(Language.values)
    return (
        languages.choose(request, offered=offered, default=found.language)
        if "lang" in request.GET
        else found.language
    )


def _name(found: Certificate, extension: str) -> str:
    return f"erasure-{found.at:%Y-%m-%d}-{found.entry.hex[-6:]}.{extension}"
