"""A receipt as a Kantara Initiative Consent Receipt, version 1.1.

That form has no word for a no: an act that gave nothing has no receipt of this form (dpv.py has one for every
act).
"""

from typing import Any

from django.utils.translation import override

from consent.models import ConsentRecord, Purpose
from consent.proof import tlog_proof, words
from consent.proof.account import Account
from consent.vocabulary import Category, django_code

VERSION = "KI-CR-v1.1.0"
CONTACT = "2 - Contact"  # the number, the only personal data that is asked for
# Kantara's own categories of purposes, by ours.
PURPOSES = {
    Category.MARKETING: "6 - Marketing",
    Category.UTILITY: "2 - Contracted Service",
    Category.AUTHENTICATION: "2 - Contracted Service",
}


def receipt(account: Account) -> dict[str, Any] | None:
    """The receipt of what an act gave; None where it gave nothing."""
    if not account.grants:
        return None
    first = account.first
    with override(django_code(account.language)):
        return {
            "version": VERSION,
            "jurisdiction": account.company.country,
            "consentTimestamp": int(first.event_time.timestamp()),
            "collectionMethod": words.method(first.method),
            "consentReceiptID": str(account.act),
            "publicKey": tlog_proof.public_key(),
            "language": account.language.partition("-")[0],  # ISO 639-1
            "piiPrincipalId": str(first.subject),
            "piiControllers": [_controller(account)],
            "policyUrl": account.company.privacy_url,
            "services": [_service(account)],
            "sensitive": False,
            "spiCat": [],
        }


def _controller(account: Account) -> dict[str, Any]:
    company, point = account.company, account.first.point
    return {
        "piiController": company.legal_name,
        "onBehalf": False,
        "contact": f"{company.dpo_name}, {company.dpo_contact}",
        "address": {"streetAddress": company.address, "addressCountry": company.country},
        "email": company.dpo_contact if "@" in company.dpo_contact else "",
        "phone": point.sender.address if point else "",
        "piiControllerUrl": company.privacy_url,
    }


def _service(account: Account) -> dict[str, Any]:
    point = account.first.point
    service = point.title.in_language(account.language) if point else ""
    return {
        "service": service or account.company.name,
        "purposes": [
            _purpose(record, purpose, is_first=place == 0)
            for place, (record, purpose) in enumerate(account.grants)
        ],
    }


def _purpose(record: ConsentRecord, purpose: Purpose, *, is_first: bool) -> dict[str, Any]:
    return {
        "purpose": f"{words.purpose(record)} ({record.get_channel_display()})",
        "purposeCategory": [PURPOSES[Category(purpose.category)]],
        "consentType": "EXPLICIT",
        "piiCategory": [CONTACT],
        "primaryPurpose": is_first,
        "termination": words.termination(record),
        # Nothing recorded here ever covers passing the number on (LGPD art. 7 par. 5: a consent of its own).
        "thirdPartyDisclosure": False,
    }
