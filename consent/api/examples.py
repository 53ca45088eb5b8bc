"""What the API's document shows of each body and answer: an example of every shape, and of what goes wrong."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from consent.api import answers

_ACT = "01a22401-3566-7aeb-a9eb-bd69660fdb5c"
_SUBJECT = "01a22401-3566-7a15-a3c3-06545a6b3599"
_RECORD = "01a22401-3566-7b3e-a189-be36aa93399d"
_NUMBER = "+5511987654321"
_AT = "2026-11-28T21:13:08.622038Z"

_DECIDED = {
    "allow": True, "reason": "given", "words": "They agreed, and nothing speaks against it now.", "at": _AT,
    "valid_until": "2026-11-28T21:14:08.622038Z", "record": _RECORD, "window_until": None, "log_size": 351,
}  # fmt: skip
_QUESTION = {"channel": "sms", "purpose": "novidades"}

# By the name of the schema; of a body, of an answer, or of either one that may stand there.
_OF: dict[str, Any] = {
    "Decided": _DECIDED,
    "Told": {"counted": True},
    "Message": {"contact": _NUMBER, **_QUESTION, "sent_at": "2026-11-28T21:13:08Z"},
    "PointOut": {
        "point": "novidades", "company": "Café Aurora", "title": "Novidades do Café Aurora", "language": "pt-BR",
        "languages": ["en", "es", "pt-BR"], "text": ["Café Aurora quer lhe mandar novidades por SMS."],
        "boxes": [{"key": "novidades.sms", "purpose": "novidades", "channel": "sms", "label": "Novidades por SMS",
                   "hint": "Até 4 por mês."}],
        "guardian": None, "notice": "novidades 1.0", "digest": "5f0c" * 16, "privacy_url": "https://aurora.example/",
        "confirmation": "reply", "trusts_app": False, "token": "eyJwb2ludCI6MX0:1vP:sig",
        "expires_at": "2026-11-30T21:13:08.622038Z",
    },
    "Consent": {
        "token": "eyJwb2ludCI6MX0:1vP:sig", "contact": _NUMBER, "answers": {"novidades.sms": True},
        "evidence": {"app_version": "4.2.0", "screen": "sign-up", "device_locale": "pt-BR"},
        "verified": {"method": "sms_code", "at": "2026-11-28T21:12:40Z"},
    },
    "Withdrawal": {"contact": _NUMBER, "channel": "sms", "purpose": "novidades"},
    "ActOut": {
        "act": _ACT, "subject": _SUBJECT, "receipt": "https://aurora.example/r/AaIkFXY7fPKky5-C1gLne0Y_rB3ud3d7/",
        "records": [{"id": _RECORD, "purpose": "novidades", "channel": "sms", "state": "requested"}],
    },
    "KeptOut": {"kept": True},
    "Find": {"contact": _NUMBER},
    "Found": {"subject": _SUBJECT},
    "Timeline": {
        "subject": _SUBJECT,
        "records": [{
            "id": _RECORD, "act": _ACT, "purpose": "novidades", "channel": "sms", "state": "given", "method": "app",
            "notice": "novidades 1.0", "language": "pt-BR", "possession": "app", "entity": "subject",
            "event_time": _AT, "recorded_at": "2026-11-28T21:13:08.710575Z",
        }],
        "standings": [{"purpose": "novidades", "channel": "sms", "state": "given", "since": _AT,
                       "until": "2028-11-27T21:13:08.622038Z", "record": _RECORD}],
        "next": None,
    },
    "Meanings": {"columns": {"contact": "Celular", "date": "Desde"}, "purpose": "novidades", "channel": "sms",
                 "source": "Old CRM"},
    "ListOut": {
        "id": _ACT, "kind": "claims", "state": "tried", "rows": 2, "headings": ["Celular", "Desde"],
        "columns": {"contact": "Celular", "date": "Desde"}, "counts": {"given": 1, "phone.not_valid": 1},
        "to_record": 1, "created_at": _AT, "trouble": "",
    },
}  # fmt: skip

# By how the path ends, where the schema has no name.
_AT_PATH: dict[str, Any] = {
    "/permit-keys": {
        "keys": [{"x": "u29ZCOJn0XMh5lVSt0tTrPla19sBvqLeS8lY2vpWBM0", "kty": "OKP", "crv": "Ed25519", "use": "sig",
                  "alg": "EdDSA", "kid": "yW0bMUPKnyng"}]
    },
    "/acts/{act}/receipt": {"@type": "ConsentReceipt", "dct:identifier": f"urn:uuid:{_ACT}"},
    "/decisions": _DECIDED,
}  # fmt: skip
_ASKED_AT_PATH: dict[str, Any] = {"/decisions": {"contact": _NUMBER, **_QUESTION}}

# One code of each status; docs/api-errors.md has them all.
_WRONG: dict[int, tuple[str, str, str | None]] = {
    400: ("json.syntax", "The body is not JSON.", None),
    401: ("key.unknown", "This key does not exist or was revoked.", None),
    403: ("key.scope", "This key may not do this: it needs the scope consents.", None),
    404: ("not_found", "There is no such thing here.", None),
    405: ("method.not_allowed", "Ask with one of the methods that Allow names.", None),
    409: ("point.closed", "This capture point is closed.", None),
    410: ("erased", "The person behind this request was erased.", None),
    411: ("body.length_required", "Send a Content-Length.", None),
    413: ("body.too_large", "The body is too large.", None),
    415: ("body.media_type", "Send application/json.", None),
    422: ("phone.type", "Send a string.", "#/contact"),
    429: ("strangers.too_many", "This key asked about too many numbers that nobody knows.", None),
    503: ("unavailable", "Nothing was recorded; send it again.", None),
    507: ("storage.full", "The disk is full; nothing was recorded.", None),
}


def problem(status: int) -> dict[str, Any]:
    """A problem document with this status."""
    code, detail, pointer = _WRONG[status]
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    return document | {"detail": detail} | ({"pointer": pointer} if pointer else {})


def put_into(paths: dict[str, Any]) -> None:
    """Show an example with each JSON body and answer of a document's paths that goes well."""
    for path, operations in paths.items():
        for operation in operations.values():
            asked = [operation["requestBody"]] if "requestBody" in operation else []
            for content in _json(asked):
                content["example"] = _of(content["schema"], path, _ASKED_AT_PATH)
            for content in _json(operation["responses"].values()):
                content["example"] = _of(content["schema"], path, _AT_PATH)


def _json(parts: Any) -> Iterator[dict[str, Any]]:
    yield from (part["content"][answers.JSON] for part in parts if answers.JSON in part.get("content", {}))


def _of(schema: dict[str, Any], path: str, unnamed: dict[str, Any]) -> Any:
    name = schema.get("$ref", "").rpartition("/")[2]
    return _OF[name] if name else next(shown for end, shown in unnamed.items() if path.endswith(end))
