"""JSON read strictly: what another program could read differently is refused."""

import json
from typing import Any, NoReturn

from consent.errors import BadInput

DIGITS = 19  # of the largest integer a database column takes


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body, or BadInput with status 400 that says what is wrong with it."""
    value = read_value(body)
    if not isinstance(value, dict):
        raise BadInput("json.object", "Send one JSON object.", status=400)
    return value


def read_value(body: bytes) -> Any:
    """Whatever JSON value stands in a body, read as strictly. Raises BadInput with status 400."""
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        raise BadInput("json.encoding", "Send the JSON in UTF-8.", status=400) from error
    except json.JSONDecodeError as error:
        raise no_json() from error
    except RecursionError as error:
        raise BadInput("json.depth", "The JSON is nested too deeply.", status=400) from error


def no_json() -> BadInput:
    """What is said of a body that is no JSON."""
    return BadInput("json.syntax", "The body is not JSON.", status=400)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):  # Python would keep the last, others the first
        raise BadInput("json.duplicate_key", "A name stands twice in one object.", status=400)
    return value


def _whole(digits: str) -> int:
    return int(digits) if len(digits.lstrip("-")) <= DIGITS else _refuse(digits)


def _refuse(_number: str) -> NoReturn:
    raise BadInput("json.number", "Numbers must be whole, and of at most 19 digits.", status=400)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_whole, parse_float=_refuse, parse_constant=_refuse
)
