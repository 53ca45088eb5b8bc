"""A permit verifies with the public key alone; changed, old or for another number, it does not."""

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent.api import permits
from consent.models import Sender
from consent.sample import Sample
from tests.api.conftest import Program
from tests.cast import ANA, BRUNO, says
from tests.decision.test_judging import wrote


def permit_of(program: Program, **more: str) -> Any:
    question = {"contact": ANA.value, "channel": "sms", "purpose": "novidades", "permit": "yes"} | more
    return program.send(json.dumps(question).encode()).json()


def verify(permit: str, keys: dict[str, Any]) -> dict[str, Any]:
    """What a gateway does, that never asked us anything but for the keys."""
    known = jwt.PyJWKSet.from_dict(keys)
    head = jwt.get_unverified_header(permit)
    claims: dict[str, Any] = jwt.decode(permit, known[head["kid"]].key, algorithms=["EdDSA"])
    return claims


def test_a_permit_verifies_offline_with_the_public_key_alone(
    program: Program, aurora: Sample, client: Client
) -> None:
    says(aurora)
    answer = permit_of(program)

    claims = verify(answer["permit"], client.get("/api/v1/permit-keys").json())

    assert (claims["company"], claims["channel"], claims["purpose"]) == ("aurora", "sms", "novidades")
    assert claims["record"] == answer["record"]
    assert claims["contact"] == permits.contact_hash(claims["jti"], ANA.value)
    assert claims["contact"] != permits.contact_hash(claims["jti"], BRUNO.value)
    assert ANA.value not in json.dumps(claims)


def test_a_permit_that_was_changed_or_is_old_does_not_verify(program: Program, aurora: Sample) -> None:
    says(aurora)
    permit = permit_of(program)["permit"]
    head, claims, signature = permit.split(".")
    other = jwt.encode({"company": "bia"}, "x" * 32, algorithm="HS256").split(".")[1]

    for forged in (
        f"{head}.{other}.{signature}",
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims}.",
    ):
        with pytest.raises(jwt.InvalidTokenError):
            verify(forged, permits.public_keys())
    with (
        time_machine.travel(timezone.now() + timedelta(seconds=61)),
        pytest.raises(jwt.ExpiredSignatureError),
    ):
        verify(permit, permits.public_keys())


def test_a_gateway_knows_the_next_key_before_it_signs(
    program: Program, aurora: Sample, settings: Any
) -> None:
    """docs/key-rotation.md: a month with both keys, then the new one signs alone."""
    says(aurora)
    settings.OPTIN_LOG_KEY_NEXT = b"n" * 32
    known = permits.public_keys()
    before = permit_of(program)["permit"]

    settings.OPTIN_LOG_KEY, settings.OPTIN_LOG_KEY_NEXT = b"n" * 32, None
    after = permit_of(program)["permit"]

    assert verify(before, known)["company"] == verify(after, known)["company"] == "aurora"
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert len(permits.public_keys()["keys"]) == 1


def test_a_no_gets_no_permit_and_the_past_none_either(program: Program) -> None:
    assert permit_of(program)["permit"] is None
    assert permit_of(program, at="2026-01-01T00:00:00Z")["code"] == "permit.past"
    assert permit_of(program, permit="maybe")["code"] == "permit.unknown"


def test_a_permit_for_an_answer_says_so_and_names_no_record_where_there_is_none(
    program: Program, aurora: Sample
) -> None:
    """A gateway must not take it for leave to write first: the window allows answers only."""
    sender = Sender.objects.filter(company=aurora.company, channel="whatsapp").first()
    assert sender is not None
    wrote(sender, timedelta(hours=1))
    answer = permit_of(program, channel="whatsapp", reply="yes", sender=sender.address)
    assert (answer["reason"], answer["record"]) == ("in_window", None)

    claims = verify(answer["permit"], permits.public_keys())

    assert (claims["reason"], claims["reply"], claims["record"]) == ("in_window", True, None)
    assert claims["sender"] == sender.address


def test_the_same_person_is_in_a_permit_however_the_number_was_asked_about(
    program: Program, aurora: Sample
) -> None:
    says(aurora)
    claims = verify(permit_of(program, contact="+55 (11) 98765-4321")["permit"], permits.public_keys())
    assert claims["contact"] == permits.contact_hash(claims["jti"], ANA.value)
    assert (claims["reason"], claims["reply"], claims["sender"]) == ("given", False, "")
