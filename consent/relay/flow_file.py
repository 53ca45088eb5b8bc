"""A flow for RapidPro and Weni that holds a capture point's conversation, calls our API and branches on its answer.

Flow definition 13.1.0, which Weni takes and newer engines migrate. The words are fetched when the flow runs, so that
the record names the text that was shown.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from consent.catalogue import Ask
from consent.vocabulary import Language, django_code

SPEC = "13.1.0"
MOST_BYTES = 9_999  # of an answer: a flow drops what a longer one says
_NAMESPACE = UUID("7d0c9f5e-6e62-4a39-9d57-20b1d5a1b0c8")
_ISO_639_3 = {Language.ENGLISH: "eng", Language.SPANISH: "spa", Language.PORTUGUESE: "por"}

_YES, _NO = "sim si sí yes 1", "nao não no 2"

# A WhatsApp address has no plus, a telephone number has one.
_PATH = "urn_parts(contact.urn).path"
_NUMBER = f'if(text_slice({_PATH}, 0, 1) = "+", {_PATH}, "+" & {_PATH})'


def make(ask: Ask, *, language: str, key: str) -> dict[str, Any]:
    """The file to import: a conversation in one language, with an API key of the scope `consents` in it."""
    company = ask.company.slug
    flow = _Flow(f"{company}/{ask.point.slug}/{language}")
    with translation.override(django_code(language)):  # nobody of ours is there to translate when it runs
        yes, no = gettext("Yes"), gettext("No")
        done = gettext("Thank you. Your answer is recorded.")
        confirm = gettext("We have sent a message to your number: please answer it to confirm.")
        failed = gettext("Something went wrong, and nothing was recorded. Please try again later.")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    api = f"{settings.OPTIN_PUBLIC_URL}/api/v1"
    boxes = [f"{offer.purpose.slug}.{offer.channel}" for offer in ask.offers]

    says_failed = flow.says("failed", failed)
    says_done, says_confirm = flow.says("done", done), flow.says("confirm", confirm)
    branch = flow.splits(
        "outcome", "@results.consent.extra.records.0.state", {"requested": says_confirm}, otherwise=says_done
    )
    body = ", ".join(f'"{box}", results.box_{number}.category = "Yes"' for number, box in enumerate(boxes))
    hands_in = flow.calls(
        "hand in", "POST", f"{api}/consents", {**headers, "Idempotency-Key": "@run.uuid"}, "Consent",
        body=f'@(json(object("token", results.shown.extra.token, "contact", {_NUMBER}, "answers", object({body}),'
        f' "evidence", object("app_version", "flow {SPEC}", "screen", "{ask.point.slug}", "device_locale",'
        ' default(contact.language, "und")), "verified", object("method", "wrote in the conversation", "at", now()))))',
        success=branch, failure=says_failed,
    )  # fmt: skip
    following = hands_in
    for number in reversed(range(len(boxes))):
        following = flow.asks(number, [yes, no], following)
    shows = flow.says("statement", '@(join(results.shown.extra.text, "\\n\\n"))', following)
    flow.calls(
        "show", "GET", f"{api}/points/{ask.point.slug}?language={language}&most_bytes={MOST_BYTES}", headers,
        "Shown", success=shows, failure=says_failed,
    )  # fmt: skip
    return {
        "version": "13",
        "site": settings.OPTIN_PUBLIC_URL,
        "flows": [flow.written(f"Optin {ask.point.slug}"[:64], _ISO_639_3[Language(language)])],
        "campaigns": [],
        "triggers": [],
        "fields": [],
        "groups": [],
    }


class _Flow:
    """Nodes as they are made, the last ones first; ids are the same however often a file is made."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[dict[str, Any]] = []
        self._kinds: dict[str, str] = {}

    def id(self, *path: object) -> str:
        return str(uuid5(_NAMESPACE, "/".join([self._name, *map(str, path)])))

    def written(self, name: str, language: str) -> dict[str, Any]:
        """The flow, begun with the node made last."""
        nodes = list(reversed(self._nodes))
        places = {
            node["uuid"]: {
                "type": self._kinds[node["uuid"]], "position": {"left": 0, "top": 160 * row}, "config": {"cases": {}},
            }
            for row, node in enumerate(nodes)
        }  # fmt: skip
        return {
            "uuid": self.id("flow"), "name": name, "spec_version": SPEC, "language": language, "type": "messaging",
            "revision": 1, "expire_after_minutes": 1440, "localization": {}, "nodes": nodes,
            "_ui": {"nodes": places, "stickies": {}},
        }  # fmt: skip

    def says(self, name: str, text: str, following: str | None = None) -> str:
        """A message."""
        return self._add(name, "execute_actions", [self._message(name, text, [])], exits={"": following})

    def asks(self, number: int, replies: Sequence[str], following: str) -> str:
        """A box as a question; whatever is not clearly a yes is none."""
        name = f"box {number}"
        label = f"results.shown.extra.boxes.{number}"
        question = self._message(name, f"@{label}.label\\n@{label}.hint".replace("\\n", "\n"), replies)
        waits = self._route(
            name, "@input.text", [("has_any_word", _YES, "Yes"), ("has_any_word", _NO, "No")], "Other",
            {"Yes": following, "No": following, "Other": following}, kind="wait_for_response",
            more={"wait": {"type": "msg"}, "result_name": f"Box {number}"},
        )  # fmt: skip
        return self._add(f"{name} says", "execute_actions", [question], exits={"": waits})

    def splits(self, name: str, operand: str, cases: dict[str, str], *, otherwise: str) -> str:
        """A branch on what an expression says."""
        tests = [("has_only_text", value, value.capitalize()) for value in cases]
        ways = {value.capitalize(): node for value, node in cases.items()} | {"Other": otherwise}
        return self._route(name, operand, tests, "Other", ways, kind="split_by_expression")

    def calls(
        self, name: str, method: str, url: str, headers: dict[str, str], result: str, *, success: str, failure: str,
        body: str = "",
    ) -> str:  # fmt: skip
        """A call of our API, and a branch on whether it worked."""
        call = {
            "uuid": self.id(name, "call"), "type": "call_webhook", "method": method, "url": url, "headers": headers,
            "body": body, "result_name": result,
        }  # fmt: skip
        return self._route(
            name, f"@results.{result.lower()}.category", [("has_only_text", "Success", "Success")], "Failure",
            {"Success": success, "Failure": failure}, kind="split_by_webhook", actions=[call],
        )  # fmt: skip

    def _message(self, name: str, text: str, replies: Sequence[str]) -> dict[str, Any]:
        return {
            "uuid": self.id(name, "message"), "type": "send_msg", "text": text, "attachments": [],
            "quick_replies": list(replies),
        }  # fmt: skip

    def _route(
        self, name: str, operand: str, tests: Sequence[tuple[str, str, str]], default: str,
        ways: dict[str, str], *, kind: str, actions: Sequence[dict[str, Any]] = (), more: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        router = {
            "type": "switch",
            "operand": operand,
            "cases": [
                {
                    "uuid": self.id(name, "case", category), "type": test, "arguments": [argument],
                    "category_uuid": self.id(name, "category", category),
                }
                for test, argument, category in tests
            ],
            "categories": [
                {
                    "uuid": self.id(name, "category", category), "name": category,
                    "exit_uuid": self.id(name, "exit", category),
                }
                for category in ways
            ],
            "default_category_uuid": self.id(name, "category", default),
            **(more or {}),
        }  # fmt: skip
        return self._add(name, kind, list(actions), exits=ways, router=router)

    def _add(
        self, name: str, kind: str, actions: list[dict[str, Any]], *, exits: dict[str, Any],
        router: dict[str, Any] | None = None,
    ) -> str:  # fmt: skip
        number = self.id(name)
        node: dict[str, Any] = {
            "uuid": number,
            "actions": actions,
            "exits": [
                {"uuid": self.id(name, "exit", way), "destination_uuid": node} for way, node in exits.items()
            ],
        }
        if router is not None:
            node["router"] = router
        self._nodes.append(node)
        self._kinds[number] = kind
        return number
