"""Whatever is posted, the answer is a page that says what to do, and never an error of ours."""

import random
import string
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.models import ConsentRecord
from tests.capture.conftest import FORM, URLENCODED, Visitor, codes

pytestmark = pytest.mark.no_cover

NAMES = st.sampled_from(
    [
        "token",
        "phone",
        "box.novidades.sms",
        "box.pedidos.sms",
        "box.x",
        "homepage",
        "altcha",
        "code",
        "lang",
        "",
    ]
) | st.text(max_size=8)
VALUES = st.sampled_from(["yes", "", "\0", "+5511987654321", "11987654321"]) | st.text(max_size=40)
QUERIES = st.sampled_from(
    ["", "embed", "lang=es&embed=1", "lang=%00", "lang=%ED%A0%80", "a" * 3000, "lang=en&lang=es"]
)
KINDS = st.sampled_from([URLENCODED, "multipart/form-data; boundary=b", "text/plain"])
LIMITS = {
    "max_examples": 40,
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


def encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


@settings(**LIMITS)  # type: ignore[arg-type]
@given(pairs=st.lists(st.tuples(NAMES, VALUES), max_size=8), query=QUERIES, has_token=st.booleans())
def test_any_fields_are_answered(
    visitor: Visitor, pairs: list[tuple[str, str]], query: str, has_token: bool
) -> None:
    fields = [("token", visitor.token), *pairs] if has_token else pairs
    body = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in fields)

    answer = visitor.send_body(body, query=query)

    assert answer.status_code in {303, 400, 422}
    assert answer.status_code == 303 or codes(answer)


@settings(**LIMITS)  # type: ignore[arg-type]
@given(body=st.binary(max_size=200), kind=KINDS)
def test_any_bytes_are_answered(visitor: Visitor, body: bytes, kind: str) -> None:
    before = ConsentRecord.objects.count()

    answer = visitor.client.generic("POST", FORM, body, content_type=kind)

    assert answer.status_code in {400, 422}
    assert ConsentRecord.objects.count() == before


@settings(**LIMITS)  # type: ignore[arg-type]
@given(code=st.text(max_size=20), query=QUERIES)
def test_any_code_is_answered(visitor: Visitor, code: str, query: str) -> None:
    waiting = visitor.send()["Location"].partition("?")[0]

    answer = visitor.client.post(f"{waiting}?{query}", {"code": code.encode("utf-8", "replace").decode()})

    assert answer.status_code in {422, 429, 400}
    assert not ConsentRecord.objects.filter(state="given").exists()


def test_any_header_is_answered(visitor: Visitor) -> None:
    rng = random.Random(2026)
    letters = string.printable.strip() + "é☃" * 3
    for _ in range(60):
        value = "".join(rng.choice(letters) for _ in range(rng.randrange(400))).encode().decode("latin-1")
        headers: dict[str, Any] = {
            rng.choice(
                ["HTTP_REFERER", "HTTP_ACCEPT_LANGUAGE", "HTTP_X_FORWARDED_FOR", "HTTP_USER_AGENT"]
            ): value,
            "QUERY_STRING": rng.choice(["embed=1", "", "lang=en"]),
        }
        assert visitor.client.get(FORM, **headers).status_code == 200
        body = urlencode(visitor.fields())
        posted = visitor.client.generic("POST", FORM, body.encode(), content_type=URLENCODED, **headers)
        assert posted.status_code == 303
