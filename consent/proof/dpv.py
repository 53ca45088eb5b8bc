"""A receipt as JSON-LD: the field names of ISO/IEC TS 27560 as terms of the W3C Data Privacy Vocabulary.

Every act has one, whether it was a yes or a no.
"""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import override

from consent.canonical import moment
from consent.models import ConsentRecord, NoticeVersion
from consent.proof import words
from consent.proof.account import Account
from consent.proof.dpv_context import CONTEXT
from consent.proof.tlog_proof import Logged
from consent.vocabulary import Category, State, django_code

SCHEMA = "https://w3id.org/dpv/schema/dpv-27560"

# DPV 2.3, consent_status and purposes.
STATES = {
    State.REQUESTED: "dpv:ConsentRequested",
    State.GIVEN: "dpv:ConsentGiven",
    State.REFUSED: "dpv:ConsentRefused",
    State.WITHDRAWN: "dpv:ConsentWithdrawn",
    State.REVOKED: "dpv:ConsentRevoked",
    State.INVALIDATED: "dpv:ConsentInvalidated",
    State.LAPSED: "dpv:ConsentExpired",
}
PURPOSES = {
    Category.MARKETING: "dpv:DirectMarketing",
    Category.UTILITY: "dpv:ServiceProvision",
    Category.AUTHENTICATION: "dpv:IdentityAuthentication",
}


def receipt(account: Account, logged: dict[UUID, Logged]) -> dict[str, Any]:
    """The receipt of an act, with the place in the log of each record that has one by now."""
    with override(django_code(account.language)):
        return {
            "@context": CONTEXT,
            "@id": account.address,
            "@type": "dpv:ConsentReceipt",
            "schema_version": f"{SCHEMA}#receipt",
            "receipt_id": str(account.act),
            "created": moment(account.first.recorded_at),
            "title": words.title(account.state),
            "records": [_record(account, record, logged.get(record.uid)) for record in account.records],
        }


def _record(account: Account, record: ConsentRecord, logged: Logged | None) -> dict[str, Any]:
    company = account.company
    fields: dict[str, Any] = {
        "@id": f"urn:uuid:{record.uid}",
        "@type": "dpv:ConsentRecord",
        "schema_version": f"{SCHEMA}#record",
        "record_id": str(record.uid),
        "pii_principal_id": f"urn:uuid:{record.subject}",
        "jurisdiction": f"loc:{company.country}",
        "pii_controllers": [
            {
                "@type": ["dpv:DataController", "dpv:Organisation"],
                "party_id": company.slug,
                "party_name": company.legal_name,
                "party_address": company.address,
                "party_contact": f"{company.dpo_name}, {company.dpo_contact}",
                "party_url": company.privacy_url,
            }
        ],
        "pii_processing": [_processing(account, record)],
        "withdrawal_method": {
            "@type": "dpv:WithdrawConsent",
            "exercised_at": account.address,
            "description": words.how_to_stop(),
        },
        "privacy_rights": {"@type": "dpv:DataSubjectRight", "exercised_at": company.privacy_url},
        "events": [_event(record)],
    }
    if record.notice is not None:
        fields["privacy_notice"] = _notice(record.notice, record.language, company.privacy_url)
    if logged is not None:
        fields["log_entry"] = {"log_origin": logged.proof.origin, "log_index": logged.proof.index}
    return fields


def _processing(account: Account, record: ConsentRecord) -> dict[str, Any]:
    point, purpose = record.point, record.purpose
    about: dict[str, Any] = {"@type": "dpv:Purpose", "title": words.purpose(record)}
    if purpose is not None:
        about["purpose_type"] = PURPOSES[Category(purpose.category)]
        about["description"] = purpose.description.in_language(record.language)
    number: dict[str, Any] = {"@type": "dpv:PersonalData", "pii_type": "pd:TelephoneNumber"}
    if account.number:
        number["description"] = account.number
    title = point.title.in_language(record.language) if point else account.company.name
    return {
        "@type": "dpv:Process",
        "service": f"{title} ({record.get_channel_display()})",
        "purpose": about,
        "lawful_basis": "dpv:Consent",
        "pii_information": number,
        "collection_method": {"@type": "dpv:DataSubjectDataSource", "title": words.method(record.method)},
        "recipients": "dpv:DataController",
        "storage": [
            {"@type": "dpv:StorageLocation", "storage_locations": settings.OPTIN_PUBLIC_URL},
            {"@type": "dpv:StorageDuration", "retention_period": _duration(record)},
        ],
    }


def _notice(version: NoticeVersion, language: str, policy_url: str) -> dict[str, Any]:
    assert version.published_at is not None  # nobody was shown a draft
    return {
        "@type": "dpv:ConsentNotice",
        "title": version.notice.slug,
        "version": version.number,
        "digest": version.digest,
        "language": language,
        "date": moment(version.published_at),
        "policy_url": policy_url,
    }


def _event(record: ConsentRecord) -> dict[str, Any]:
    person = {"@id": f"urn:uuid:{record.subject}"}
    return {
        "@type": STATES[State(record.state)],
        "event_type": "dpv:ExpressedConsent",  # whatever its state, it is about a consent that is expressed
        "event_time": moment(record.event_time),
        "validity_duration": _duration(record),
        "entity_id": person
        if record.entity == "subject"
        else {"@type": "dpv:Entity", "party_id": record.entity},
        "event_method": words.method(record.method),
    }


def _duration(record: ConsentRecord) -> dict[str, str]:
    if record.state != State.GIVEN:
        return {"@type": "dpv:UntilEventDuration", "value": "The next word of the person"}
    if not record.valid_days:
        return {"@type": "dpv:UntilEventDuration", "value": "Withdrawal of the consent"}
    return {"@type": "dpv:TemporalDuration", "value": f"P{record.valid_days}D"}
