"""What Meta says of a number or an account, in webhooks old and new and in answers of its Graph API, as readings."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from consent.quality import reading
from consent.quality.classic import UNFLAGGED
from consent.quality.reading import ANSWERS, BLOCKED, FREE, Kind, Reading
from consent.vocabulary import Rating

LONGEST_RAW = 500
AHEAD = timedelta(minutes=5)  # how far another clock may be ahead of ours
FIRST = datetime(2015, 1, 1, tzinfo=UTC)  # WhatsApp had no business numbers before
LATEST = timedelta(days=400)  # no restriction lasts longer

# Restrictions that keep messages back; the others (adding numbers, making templates, calling) are kept and shown.
RESTRICTIONS = {
    "RESTRICTED_BIZ_INITIATED_MESSAGING": ANSWERS,
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": BLOCKED,
}
HEALTH = {"AVAILABLE": FREE, "LIMITED": "limited", "BLOCKED": BLOCKED}
# What happened to the account, and whether its numbers can send after it.
ACCOUNT_EVENTS = {
    "ACCOUNT_DELETED": BLOCKED, "ACCOUNT_OFFBOARDED": BLOCKED, "ACCOUNT_RECONNECTED": FREE,
}  # fmt: skip
BANS = {"DISABLE": BLOCKED, "REINSTATE": FREE}
TEMPLATE_EVENTS = {
    "PAUSED": Rating.RED,
    "DISABLED": Rating.RED,
    "FLAGGED": Rating.YELLOW,
    "APPROVED": Rating.UNKNOWN,
}
# Every field that is about health; what is in them and not understood is left to staff.
FIELDS = frozenset(
    ["phone_number_quality_update", "business_capability_update", "account_update", "account_alerts",
     "account_review_update", "message_template_quality_update", "message_template_status_update",
     "template_category_update", "phone_number_name_update", "security", "business_status_update"]
)  # fmt: skip


def told(field: str, content: Mapping[str, Any], *, received_at: datetime) -> list[Reading]:
    """The readings in one update; none where it says nothing that we know. Their number is 0: about the account."""
    at = moment(content.get("time"), received_at=received_at)
    return list(_told(field, content, at))


def display_number(content: Mapping[str, Any]) -> str:
    """The digits of the number an update is about; "" where it is about the whole account."""
    return "".join(sign for sign in str(content.get("display_phone_number", "")) if sign in "0123456789")


def asked(answer: Mapping[str, Any], *, at: datetime, number: int) -> list[Reading]:
    """The readings in Meta's answer about a number. What it does not say is not read."""
    found = []
    if (word := answer.get("quality_rating")) is None and isinstance(answer.get("quality_score"), Mapping):
        word = answer["quality_score"].get("score")
    if word is not None:
        found.append(_reading(Kind.RATING, reading.rating(word), at, word, number=number))
    if (word := answer.get("status")) is not None:
        found.append(_reading(Kind.STATUS, reading.status(word), at, word, number=number))
    for name in ("whatsapp_business_manager_messaging_limit", "messaging_limit_tier"):
        if (tier := reading.limit(answer.get(name))) is not None:
            found.append(_reading(Kind.LIMIT, str(tier), at, answer[name], number=number))
            break
    health = answer.get("health_status")
    if isinstance(health, Mapping) and health.get("can_send_message") is not None:
        value = HEALTH.get(str(health["can_send_message"]).upper(), "unknown")
        found.append(_reading(Kind.HEALTH, value, at, health, number=number))
    throughput = answer.get("throughput")
    if isinstance(throughput, Mapping) and throughput.get("level") is not None:
        found.append(_reading(Kind.THROUGHPUT, str(throughput["level"]), at, throughput, number=number))
    return found


def moment(seconds: object, *, received_at: datetime) -> datetime:
    """When something was so by Meta's clock; when we heard of it where that clock says nonsense."""
    try:
        said = datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return received_at
    return said if FIRST < said <= received_at + AHEAD else received_at


def _told(field: str, content: Mapping[str, Any], at: datetime) -> Iterator[Reading]:
    # By its shape: Meta's own example of this one carries another field's name.
    if "new_quality_score" in content:
        yield _template(content, reading.rating(content["new_quality_score"]), at)
        return
    match field:
        case "phone_number_quality_update":
            yield from _number(content, at)
        case "business_capability_update":
            yield from _limits(content, at)
        case "account_update":
            yield from _account(content, at)
        case "account_alerts":
            alert = content.get("alert_info")
            if isinstance(alert, Mapping):
                severity = str(alert.get("alert_severity", "UNKNOWN"))
                yield _reading(Kind.ALERT, severity, at, content, about=str(alert.get("alert_type", "")))
        case "account_review_update" | "phone_number_name_update" | "security" | "business_status_update":
            yield _reading(Kind.ALERT, str(content.get("decision") or content.get("event") or "told"), at, content,
                           about=field)  # fmt: skip
        case "message_template_status_update":
            if (event := content.get("event")) is not None:
                yield _template(content, TEMPLATE_EVENTS.get(str(event).upper(), Rating.UNKNOWN), at)
        case "template_category_update":
            name = str(content.get("message_template_name", ""))
            yield _reading(Kind.ALERT, "category", at, content, about=f"template {name}")


def _number(content: Mapping[str, Any], at: datetime) -> Iterator[Reading]:
    event = str(content.get("event", "")).upper()
    if event in ("FLAGGED", "UNFLAGGED"):
        about = UNFLAGGED if event == "UNFLAGGED" else ""
        yield _reading(Kind.STATUS, reading.status(event), at, event, about=about)
    elif event == "THROUGHPUT_UPGRADE":
        yield _reading(Kind.THROUGHPUT, "HIGH", at, event)
    elif event:
        yield _reading(Kind.ALERT, event, at, content, about="number")
    yield from _limits(content, at)


def _limits(content: Mapping[str, Any], at: datetime) -> Iterator[Reading]:
    """The limit under the names it has had, the newest first: a number, or the name of a tier."""
    for name in (
        "max_daily_conversations_per_business", "max_daily_conversation_per_phone", "current_limit",
    ):  # fmt: skip
        if (tier := reading.limit(content.get(name))) is not None:
            yield _reading(Kind.LIMIT, str(tier), at, content[name])
            return


def _account(content: Mapping[str, Any], at: datetime) -> Iterator[Reading]:
    event = str(content.get("event", "")).upper()
    if event == "ACCOUNT_RESTRICTION":
        told = content.get("restriction_info")
        for one in told if isinstance(told, Sequence) and not isinstance(told, str) else []:
            if isinstance(one, Mapping):
                kind = str(one.get("restriction_type", ""))
                yield _reading(
                    Kind.RESTRICTION, RESTRICTIONS.get(kind, FREE), at, one, about=kind,
                    until=_ends(one.get("expiration"), at),
                )  # fmt: skip
    elif event == "DISABLED_UPDATE":
        ban = content.get("ban_info")
        state = str(ban.get("waba_ban_state", "")).upper() if isinstance(ban, Mapping) else ""
        if state in BANS:
            yield _reading(Kind.RESTRICTION, BANS[state], at, ban, about="ban")
        else:
            yield _reading(Kind.ALERT, state or "ban", at, content, about=event)
    elif event in ACCOUNT_EVENTS:
        yield _reading(Kind.RESTRICTION, ACCOUNT_EVENTS[event], at, event, about="account")
    elif event == "ACCOUNT_VIOLATION":
        info = content.get("violation_info")
        kind = str(info.get("violation_type", "")) if isinstance(info, Mapping) else ""
        yield _reading(Kind.ALERT, "violation", at, content, about=kind or event)
    elif event:
        yield _reading(Kind.ALERT, "told", at, content, about=event)


def _ends(seconds: object, at: datetime) -> datetime | None:
    """When a restriction ends; None for one without an end, or with one that makes no sense."""
    try:
        until = datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return until if FIRST < until < at + LATEST else None


def _template(content: Mapping[str, Any], value: str, at: datetime) -> Reading:
    name = content.get("message_template_name") or content.get("message_template_id", "")
    language = content.get("message_template_language", "")
    return _reading(Kind.TEMPLATE, value, at, content, about=f"{name} {language}".strip())


def _reading(
    kind: str, value: str, at: datetime, raw: object, *, about: str = "", until: datetime | None = None,
    number: int = 0,
) -> Reading:  # fmt: skip
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return Reading(
        kind=kind, value=_clean(value)[:24], said_at=at, raw=_clean(text)[:LONGEST_RAW], about=_clean(about)[:120],
        until=until, number=number,
    )  # fmt: skip


def _clean(text: str) -> str:
    """Without what no database keeps: NUL, and halves of characters."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
