"""The flow file has the shapes RapidPro imports, and a run of it through our API ends in a record."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent import catalogue
from consent.api import keys
from consent.catalogue import Ask
from consent.models import ConsentRecord
from consent.relay import flow_file
from consent.sample import Sample
from tests import cast

TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[0-9]+|[A-Za-z_][\w.]*|[(),=&])')


class Excel:
    """As much of RapidPro's expressions as our flow uses."""

    def __init__(self, context: dict[str, Any]) -> None:
        self.context = context

    def template(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            found = self.evaluate(match[1][1:-1] if match[1].startswith("(") else match[1])
            return found if isinstance(found, str) else json.dumps(found)

        if text.startswith("@("):
            return value(re.fullmatch(r"@(\(.*\))", text, re.DOTALL))  # type: ignore[arg-type]
        return re.sub(r"@([a-z_][\w.]*)", value, text)

    def evaluate(self, text: str) -> Any:
        self.tokens = TOKEN.findall(text)
        found = self._comparison()
        assert not self.tokens, self.tokens
        return found

    def _comparison(self) -> Any:
        left = self._joined()
        while self.tokens and self.tokens[0] == "=":
            self.tokens.pop(0)
            left = left == self._joined()
        return left

    def _joined(self) -> Any:
        left = self._one()
        while self.tokens and self.tokens[0] == "&":
            self.tokens.pop(0)
            left = f"{left}{self._one()}"
        return left

    def _one(self) -> Any:
        token = self.tokens.pop(0)
        if token.startswith('"'):
            return json.loads(token)
        if token.isdigit():
            return int(token)
        if self.tokens and self.tokens[0] == "(":
            self.tokens.pop(0)
            arguments = []
            while self.tokens[0] != ")":
                arguments.append(self._comparison())
                if self.tokens[0] == ",":
                    self.tokens.pop(0)
            self.tokens.pop(0)
            found = self._call(token, arguments)
            if self.tokens and self.tokens[0].startswith("."):
                raise AssertionError(self.tokens)
            return found
        return self._path(token)

    def _path(self, name: str) -> Any:
        found: Any = self.context
        for part in name.split("."):
            found = found[int(part)] if isinstance(found, list) else found[part]
        return found

    def _call(self, name: str, arguments: list[Any]) -> Any:
        if name == "object":
            return dict(zip(arguments[::2], arguments[1::2], strict=True))
        return {
            "json": lambda value: json.dumps(value),
            "join": lambda values, by: by.join(values),
            "default": lambda value, other: value or other,
            "if": lambda test, yes, no: yes if test else no,
            "text_slice": lambda text, start, end: text[start:end],
            "now": lambda: timezone.now().isoformat(),
        }[name](*arguments)


def run(
    flow: dict[str, Any], answers: list[str], *, urn: str, client: Client, sizes: list[int] | None = None
) -> list[str]:
    """Walk through a flow as the engine does; returns what was said, and adds how long our answers were to `sizes`."""
    sizes = [] if sizes is None else sizes
    nodes = {node["uuid"]: node for node in flow["nodes"]}
    results: dict[str, Any] = {}
    context = {
        "results": results,
        "contact": {"urn": urn, "language": "", "path": urn.partition(":")[2]},
        "run": {"uuid": "r-1"},
    }
    said: list[str] = []
    node = flow["nodes"][0]
    while node is not None:
        for action in node["actions"]:
            excel = Excel(context)
            if action["type"] == "send_msg":
                said.append(excel.template(action["text"]))
                continue
            call = {name: excel.template(value) for name, value in action["headers"].items()}
            assert len(action["body"]) <= 20_000
            path = re.sub(r"^https?://[^/]+", "", action["url"])
            body = excel.template(action["body"].replace("urn_parts(contact.urn).path", "contact.path"))
            answer = client.generic(
                action["method"], path, body, content_type="application/json", headers=call
            )
            sizes.append(len(answer.content))
            is_good = 200 <= answer.status_code < 300
            results[action["result_name"].lower()] = {
                "category": "Success" if is_good else "Failure",
                # goflow keeps an answer only where it is shorter.
                "extra": answer.json() if sizes[-1] < 10_000 else None,
            }  # fmt: skip
        node = nodes.get(destination(node, answers, results, context) or "")
    return said


def destination(
    node: dict[str, Any], answers: list[str], results: dict[str, Any], context: dict[str, Any]
) -> str | None:
    router = node.get("router")
    if router is None:
        return node["exits"][0]["destination_uuid"]  # type: ignore[no-any-return]
    value = answers.pop(0) if "wait" in router else Excel(context).template(router["operand"])
    chosen = router["default_category_uuid"]
    for case in router["cases"]:
        words = case["arguments"][0].split()
        has = (
            value in case["arguments"]
            if case["type"] == "has_only_text"
            else any(word in words for word in value.lower().split())
        )
        if has:
            chosen = case["category_uuid"]
            break
    category = next(one for one in router["categories"] if one["uuid"] == chosen)
    if "result_name" in router:
        results[router["result_name"].lower().replace(" ", "_")] = {
            "category": category["name"],
            "value": value,
        }
    return next(one["destination_uuid"] for one in node["exits"] if one["uuid"] == category["exit_uuid"])


@pytest.fixture
def ask(aurora: Sample) -> Ask:
    keys.forget()
    found = catalogue.ask(aurora.company.slug, aurora.point.slug)
    assert found is not None
    return found


def made(aurora: Sample, ask: Ask, language: str = "pt-BR") -> dict[str, Any]:
    key = keys.issue(aurora.company, name="Flow", scopes=["consents"])
    return flow_file.make(ask, language=language, key=key)


def test_a_run_of_the_flow_ends_in_a_record(aurora: Sample, ask: Ask, client: Client) -> None:
    aurora.point.trusts_app = True
    aurora.point.save()
    catalogue.forget()
    [flow] = made(aurora, ask)["flows"]

    said = run(flow, ["Sim", "não", "hmm"], urn="whatsapp:5511987654321", client=client)

    assert "Café Aurora" in said[0]
    assert said[-1] == "Obrigado. A sua resposta foi registrada."
    records = ConsentRecord.objects.order_by("arrival").values_list("purpose__slug", "channel", "state")
    assert list(records) == [
        ("novidades", "sms", "given"), ("novidades", "whatsapp", "refused"), ("pedidos", "sms", "refused"),
    ]  # fmt: skip
    assert cast.may(aurora).allow


def test_where_the_company_wants_proof_the_flow_says_so(aurora: Sample, ask: Ask, client: Client) -> None:
    [flow] = made(aurora, ask, "es")["flows"]
    said = run(flow, ["sí", "sí", "1"], urn="tel:+5511987654321", client=client)
    assert said[-1].startswith("Le enviamos un mensaje a su número")
    assert set(ConsentRecord.objects.values_list("state", flat=True)) == {"requested"}


@pytest.mark.parametrize(("letters", "is_recorded"), [(1_000, True), (20_000, False)])
def test_no_answer_to_a_flow_is_longer_than_it_keeps(
    aurora: Sample, ask: Ask, client: Client, letters: int, is_recorded: bool
) -> None:
    [flow] = made(aurora, ask)["flows"]
    purpose = aurora.purposes["pedidos"]
    purpose.description["pt-BR"] = "ã" * letters  # up to 2,000 bytes as UTF-8; escaped it would be 6,000
    purpose.save()
    catalogue.forget()
    sizes: list[int] = []
    said = run(flow, ["sim", "não", "não"], urn="tel:+5511987654321", client=client, sizes=sizes)
    assert max(sizes) < 10_000
    assert any("ã" * letters in text for text in said) == is_recorded
    assert said[-1].startswith("Enviamos" if is_recorded else "Algo deu errado")
    assert ConsentRecord.objects.exists() == is_recorded


def test_a_point_whose_words_are_too_long_is_refused_and_not_cut(aurora: Sample, ask: Ask) -> None:
    client = Client(headers={"Authorization": f"Bearer {keys.issue(aurora.company, name='Flow')}"})
    whole = client.get(f"/api/v1/points/{aurora.point.slug}")
    assert whole.json()["token"]
    at_most = client.get(f"/api/v1/points/{aurora.point.slug}?most_bytes={len(whole.content) - 50}")
    assert (at_most.status_code, at_most.json()["code"]) == (422, "point.too_long")
    assert client.get(f"/api/v1/points/{aurora.point.slug}?most_bytes=0").status_code == 422


def test_where_the_api_refuses_the_flow_says_that_nothing_was_recorded(
    aurora: Sample, ask: Ask, client: Client
) -> None:
    aurora.point.is_open = False
    aurora.point.save()
    catalogue.forget()
    [flow] = made(aurora, ask, "en")["flows"]
    assert run(flow, [], urn="tel:+5511987654321", client=client)[-1].startswith("Something went wrong")
    assert not ConsentRecord.objects.exists()


def test_the_file_has_the_shapes_of_an_export(aurora: Sample, ask: Ask) -> None:
    file = made(aurora, ask)
    assert file["version"] == "13"
    assert {"site", "flows", "campaigns", "triggers", "fields", "groups"} <= set(file)
    [flow] = file["flows"]
    assert (flow["spec_version"], flow["language"], flow["type"]) == ("13.1.0", "por", "messaging")
    numbers = [node["uuid"] for node in flow["nodes"]]
    assert len(set(numbers)) == len(numbers)
    assert set(flow["_ui"]["nodes"]) == set(numbers)
    exits = [one for node in flow["nodes"] for one in node["exits"]]
    assert {one["destination_uuid"] for one in exits} <= {*numbers, None}
    assert len({one["uuid"] for one in exits}) == len(exits)
    for node in flow["nodes"]:
        for action in node["actions"]:
            if action["type"] == "call_webhook":
                assert len(action["url"]) <= 8192
                assert len(action["headers"]) <= 10
    assert json.dumps(made(aurora, ask)["flows"][0]["nodes"][1]) == json.dumps(flow["nodes"][1])
