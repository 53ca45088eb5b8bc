"""Samples and vectors of other people's: they lie beside a clone and not in it, and what needs them is skipped without.

Meta's and Twilio's OpenAPI documents with their examples, signed requests, and terms and schemas of consent records.
"""

from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "payloads"
META = BESIDE / "meta_openapi"
TWILIO = BESIDE / "twilio"
CONSENT_RECORDS = BESIDE / "consent_records"
