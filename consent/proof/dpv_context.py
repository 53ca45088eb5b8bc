"""What the names in a JSON-LD receipt mean: ISO/IEC TS 27560 field names as terms of the W3C vocabularies.

It travels inside every receipt, so that nobody has to ask another machine. Names that TS 27560 gives are
spelled as there; the inner contexts keep two names of one term apart, so that a receipt can be expanded and
compacted again.
"""

from typing import Any


def _iri(name: str) -> dict[str, Any]:
    return {"@id": name, "@type": "@id"}


def _typed(name: str, datatype: str) -> dict[str, Any]:
    return {"@id": name, "@type": datatype}


def _inside(name: str, **names: Any) -> dict[str, Any]:
    return {"@id": name, "@context": names}


def _list(name: str, **names: Any) -> dict[str, Any]:
    return {"@id": name, "@container": "@set", "@context": names}


CONTEXT: dict[str, Any] = {
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema_version": _iri("dct:conformsTo"),
    "receipt_id": "dct:identifier",
    "created": _typed("dct:created", "xsd:dateTime"),
    "title": "dct:title",
    "description": "dct:description",
    "value": "rdf:value",
    "party_id": "dpv:hasIdentifier",
    "records": _list(
        "dpv:hasRecordOfActivity",
        record_id="dct:identifier",
        pii_principal_id=_iri("dpv:hasDataSubject"),
        jurisdiction=_iri("dpv:hasJurisdiction"),
        pii_controllers=_list(
            "dpv:hasDataController",
            party_name="dpv:hasName",
            party_address="dpv:hasAddress",
            party_contact="dpv:hasContact",
            party_url=_iri("schema:url"),
        ),
        privacy_notice=_inside(
            "dpv:hasNotice",
            version="schema:version",
            digest="schema:sha256",
            language="dct:language",
            date=_typed("dct:date", "xsd:dateTime"),
            policy_url=_iri("schema:url"),
        ),
        pii_processing=_list(
            "dpv:hasProcess",
            service="dpv:hasService",
            purpose=_inside("dpv:hasPurpose", purpose_type=_iri("skos:broader")),
            lawful_basis=_iri("dpv:hasLegalBasis"),
            pii_information=_inside("dpv:hasPersonalData", pii_type=_iri("skos:broader")),
            collection_method="dpv:hasDataSource",
            recipients=_iri("dpv:hasRecipient"),
            storage=_list(
                "dpv:hasStorageCondition",
                storage_locations=_iri("dpv:hasLocation"),
                retention_period="dpv:hasDuration",
            ),
        ),
        withdrawal_method=_inside("dpv:hasConsentControl", exercised_at=_iri("dpv:isExercisedAt")),
        privacy_rights=_inside("dpv:hasRight", exercised_at=_iri("dpv:isExercisedAt")),
        events=_list(
            "dpv:hasConsentStatus",
            event_type=_iri("dpv:hasLegalBasis"),
            event_time=_typed("dpv:isIndicatedAtTime", "xsd:dateTime"),
            validity_duration="dpv:hasDuration",
            entity_id="dpv:isIndicatedBy",
            event_method="dpv:hasIndicationMethod",
        ),
        log_entry=_inside(
            "dct:provenance", log_origin="dct:isPartOf", log_index=_typed("schema:position", "xsd:integer")
        ),
    ),
}
