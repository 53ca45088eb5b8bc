"""The programs of docs/api-snippets.md whose languages do not run here: they name what the API's document names."""

import re
from typing import Any

import pytest

from consent.api import v1
from tests.api.test_api_page import DOCS

# How each language calls, hands in a field, and reads one.
CALLS = r"""call\("(GET|POST)", "(/[^"]*)\""""
HANDS_IN = {"kotlin": r"""\bput(?:JsonObject)?\("(\w+)\"""", "swift": r""""(\w+)": |\bbody\["(\w+)"\] = """}
READS = {
    "kotlin": r"""\.getValue\("(\w+)"\)|(?:said|shown)\["(\w+)"\]""",
    "swift": r"""(?:said|shown|act|\)\)\?)\["(\w+)"\]""",
}
HEADERS = {"Authorization", "Content-Type", "Idempotency-Key"}


def program(language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", (DOCS / "api-snippets.md").read_text(), re.DOTALL)
    return str(found)


def names(pattern: str, text: str) -> set[str]:
    return {name for found in re.finditer(pattern, text) for name in found.groups() if name}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    schema: dict[str, Any] = v1.api.get_openapi_schema(path_prefix="")
    return schema


def fields(document: dict[str, Any], *schemas: str) -> set[str]:
    return {name for schema in schemas for name in document["components"]["schemas"][schema]["properties"]}


@pytest.mark.parametrize("language", HANDS_IN)
def test_every_address_is_one_of_the_documents(document: dict[str, Any], language: str) -> None:
    asked = re.findall(CALLS, program(language))

    assert {path.partition("?")[0].split("/")[1] for _method, path in asked} == {
        "points", "consents", "decisions", "withdrawals",
    }  # fmt: skip
    for method, address in asked:
        path, _, query = re.sub(r"\\\(\w+\)|\$\w+", "{}", address).partition("?")
        known = {re.sub(r"\{\w+\}", "{}", one): operations for one, operations in document["paths"].items()}
        operation = known[path][method.lower()]
        taken = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
        assert {pair.partition("=")[0] for pair in query.split("&") if query} <= taken


@pytest.mark.parametrize("language", HANDS_IN)
def test_every_field_is_one_of_the_documents_and_none_that_is_needed_is_missing(
    document: dict[str, Any], language: str
) -> None:
    handed_in, read = names(HANDS_IN[language], program(language)), names(READS[language], program(language))
    bodies = ("Consent", "AppEvidence", "Guardian", "Withdrawal")
    asked = {"contact", "channel", "purpose"}

    assert handed_in <= fields(document, *bodies) | asked
    needed = {
        name for schema in bodies for name in document["components"]["schemas"][schema].get("required", [])
    }
    assert needed | asked <= handed_in
    assert read <= fields(document, "PointOut", "ActOut", "Decided", "Problem")
    assert {"token", "text", "allow", "receipt", "code"} <= read


@pytest.mark.parametrize("language", HANDS_IN)
def test_every_header_is_one_the_api_reads(language: str) -> None:
    assert (
        names(r'(?:header\(|forHTTPHeaderField: |key, forHTTPHeaderField: )"([\w-]+)"', program(language))
        == HEADERS
    )
