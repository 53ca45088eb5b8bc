"""The addresses of a receipt's other forms, of certificates of erasure, and of the page that verifies one."""

from django.urls import path

from consent.proof import certificate_pages, downloads, page

urlpatterns = [
    path("r/<str:token>/receipt.pdf", downloads.as_pdf, name="receipt-pdf"),
    path("r/<str:token>/receipt.jsonld", downloads.as_jsonld, name="receipt-jsonld"),
    path("r/<str:token>/receipt.json", downloads.as_kantara, name="receipt-kantara"),
    path("r/<str:token>/receipt.proof.json", downloads.as_bundle, name="receipt-bundle"),
    path("r/<str:token>/<uuid:record>.tlog-proof", downloads.as_tlog_proof, name="record-proof"),
    path("r/<str:token>/<uuid:record>.entry.json", downloads.as_entry, name="record-entry"),
    path("e/<str:token>/", certificate_pages.page, name="certificate"),
    path("e/<str:token>/certificate.pdf", certificate_pages.as_pdf, name="certificate-pdf"),
    path("e/<str:token>/certificate.proof.json", certificate_pages.as_bundle, name="certificate-bundle"),
    path("e/<str:token>/certificate.tlog-proof", certificate_pages.as_tlog_proof, name="certificate-proof"),
    path("e/<str:token>/certificate.entry.json", certificate_pages.as_entry, name="certificate-entry"),
    path("verify/", page.verify, name="verify"),
]
