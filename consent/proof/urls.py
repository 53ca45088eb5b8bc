"""The addresses of a receipt's other forms, and of the page that verifies one."""

from django.urls import path

from consent.proof import downloads, page

urlpatterns = [
    path("r/<str:token>/receipt.pdf", downloads.as_pdf, name="receipt-pdf"),
    path("r/<str:token>/receipt.jsonld", downloads.as_jsonld, name="receipt-jsonld"),
    path("r/<str:token>/receipt.json", downloads.as_kantara, name="receipt-kantara"),
    path("r/<str:token>/receipt.proof.json", downloads.as_bundle, name="receipt-bundle"),
    path("r/<str:token>/<uuid:record>.tlog-proof", downloads.as_tlog_proof, name="record-proof"),
    path("r/<str:token>/<uuid:record>.entry.json", downloads.as_entry, name="record-entry"),
    path("verify/", page.verify, name="verify"),
]
