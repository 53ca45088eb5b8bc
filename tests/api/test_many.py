"""Decisions for many: a list, a stream, a past moment, a category; each as `may_send` alone would say."""

import io
import json
import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import decision
from consent.api import many, questions
from consent.canonical import moment
from consent.contact import Contact
from consent.decision import WORDS, Decision, Reason
from consent.models import ConsentRecord, Purpose
from consent.sample import Sample
from consent.vocabulary import Possession, State
from tests.api.conftest import Heard, Program
from tests.cast import ANA, BRUNO, CLARA, may, says, stops


def ask(program: Program, **question: Any) -> Heard:
    topic = {"channel": "sms"} | ({} if "category" in question else {"purpose": "novidades"})
    return program.send(json.dumps(topic | question).encode())


def stream(program: Program, *lines: bytes, topic: Any = None) -> Heard:
    first = json.dumps(topic or {"channel": "sms", "purpose": "novidades"}).encode()
    body = b"\n".join([first, *lines])
    return program.send(body, CONTENT_TYPE="application/x-ndjson", CONTENT_LENGTH=None)


def reasons(heard: Heard) -> list[str]:
    told = [json.loads(line) for line in heard.body.splitlines()]
    return [one["reason"] for one in told[0].get("decisions", told)]


@pytest.mark.parametrize("reason", WORDS)
def test_a_decision_is_written_as_json_writes_it(reason: Reason) -> None:
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    for at, record, log_size in ((noon, None, None), (noon + timedelta(microseconds=7), uuid4(), 0)):
        window = at + timedelta(hours=3) if record else None
        decided = Decision(
            reason == "given", reason, at, at + timedelta(seconds=60), record, window, log_size
        )
        known = {
            "allow": decided.allow,
            "reason": reason.value,
            "words": WORDS[reason],
            "at": moment(at),
            "valid_until": moment(decided.valid_until),
            "record": str(record) if record else None,
            "window_until": moment(window) if window else None,
            "log_size": log_size,
        }
        assert many.told(decided) == json.dumps(known)
        assert many.told(decided, permit='é"') == json.dumps(known | {"permit": 'é"'})


def test_a_list_is_answered_in_its_order_and_harmed_by_no_bad_line(program: Program, aurora: Sample) -> None:
    says(aurora)
    says(aurora, BRUNO)
    stops(aurora, BRUNO)

    heard = ask(program, contacts=[BRUNO.value, "nobody", ANA.value, "+5511900000001", None, ANA.value])

    assert heard.status == 200
    assert reasons(heard) == ["withdrawn", "malformed", "given", "no_record", "malformed", "given"]


def test_a_list_is_one_query(program: Program, aurora: Sample, settings: Any) -> None:
    settings.OPTIN_CATALOGUE_SECONDS = 60
    says(aurora)
    program.ask()  # the key is known by now

    with CaptureQueriesContext(connection) as queries:
        ask(program, contacts=[ANA.value, BRUNO.value])

    assert len(queries) == 1


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [
        ({"contacts": ["+5511900000001"] * (questions.MOST + 1)}, 413, "contacts.too_many"),
        ({"contacts": "+5511900000001"}, 422, "contacts.type"),
        ({"contacts": [], "contact": "+5511900000001"}, 422, "contact.required"),
        ({"contacts": [], "category": "spam"}, 422, "category.unknown"),
        ({"contacts": [], "category": "marketing", "purpose": "novidades"}, 422, "purpose.required"),
        ({"contacts": [], "at": "yesterday"}, 422, "time.format"),
        ({"contacts": [], "at": 5}, 422, "at.type"),
    ],
)
def test_a_list_that_makes_no_sense_says_why(program: Program, question: Any, status: int, code: str) -> None:
    heard = ask(program, **question)

    assert (heard.status, heard.json()["code"]) == (status, code)


def test_a_stream_answers_line_by_line(program: Program, aurora: Sample) -> None:
    says(aurora)

    heard = stream(
        program, b'"+5511987654321"', b"", b'{"contact": "+5511987654321"}', b"nonsense", b'["x"]',
        b"\xff", b'"' + b"9" * 5_000 + b'"', b"[" * 900,
    )  # fmt: skip

    assert heard.headers["Content-Type"] == "application/x-ndjson"
    assert reasons(heard) == ["given", "malformed", "given", *["malformed"] * 5]


def test_every_line_of_a_stream_has_its_answer_so_that_none_is_taken_for_its_neighbours(
    program: Program, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A blank line between contacts is answered, and what is too long never loses its middle."""
    says(aurora)
    ana, long = json.dumps(ANA.value).encode(), b" " * many.LONGEST_LINE
    for piece in (7, many.LONGEST_LINE + 1, many.PIECE):
        monkeypatch.setattr(many, "PIECE", piece)

        heard = stream(program, ana, b"", b"  ", ana, long + b" " + b"x" * 2_000 + ana, ana, b"", b"")

        assert reasons(heard) == ["given", "malformed", "malformed", "given", "malformed", "given"]


def test_a_topic_never_loses_its_middle(program: Program) -> None:
    lost = (
        b'{"channel": "sms", "purpose": "novidades"'
        + b" " * many.PIECE
        + b', "reply": "yes"'
        + b" " * many.PIECE
    )
    heard = program.send(
        lost + b'}\n"+5511987654321"', CONTENT_TYPE="application/x-ndjson", CONTENT_LENGTH=None
    )
    assert (heard.status, heard.json()["code"]) == (400, "json.syntax")


def test_a_stream_takes_what_editors_and_sheets_make_of_lines(program: Program, aurora: Sample) -> None:
    says(aurora)
    ana = json.dumps(ANA.value).encode()

    heard = stream(
        program, ana + b"\r", b"\r", b"   ", b"\xef\xbb\xbf" + ana, b'"+5511\xff987654321"', b'"+5511\\u0000"',
        b'{"contact": "+5511987654321", "contact": "+5521976543210"}', b'{"contact": NaN}',
        b'"' + b"9" * 1_000_000 + b'"', ana.decode().encode("utf-16"), b"9" * 5_000, ana,
    )  # fmt: skip

    malformed = ["malformed"] * (len(reasons(heard)) - 2)
    assert reasons(heard) == ["given", *malformed, "given"]
    crlf = program.send(
        b'{"channel": "sms", "purpose": "novidades"}\r\n' + ana + b"\r\n\r\n",
        CONTENT_TYPE="application/x-ndjson; charset=utf-8",
        CONTENT_LENGTH=None,
    )
    assert reasons(crlf) == ["given"]


@pytest.mark.parametrize(
    ("first", "status", "code"),
    [
        (b'\xef\xbb\xbf{"channel": "sms", "purpose": "novidades"}', 400, "json.syntax"),
        (b'{"channel": "sms", "channel": "voice", "purpose": "novidades"}', 400, "json.duplicate_key"),
        (b'{"channel": "sms", "purpose": "novidades", "permit": "yes"}', 422, "permit.many"),
        (b'"+5511987654321"', 400, "json.object"),
        (b"{" + b" " * 1_000_000, 400, "json.syntax"),
    ],
)
def test_a_stream_with_a_bad_first_line_is_refused_whole(
    program: Program, first: bytes, status: int, code: str
) -> None:
    heard = program.send(
        first + b'\n"+5511987654321"\n', CONTENT_TYPE="application/x-ndjson", CONTENT_LENGTH=None
    )
    assert (heard.status, heard.json()["code"]) == (status, code)


def test_no_permit_is_given_for_many_and_no_stream_is_unpacked(program: Program) -> None:
    many_at_once = ask(program, contacts=[ANA.value], permit="yes")
    packed = program.send(b"", CONTENT_TYPE="application/x-ndjson", HTTP_CONTENT_ENCODING="gzip")
    assert (many_at_once.status, many_at_once.json()["code"]) == (422, "permit.many")
    assert (packed.status, packed.json()["code"]) == (415, "body.encoding")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("channel=sms&purpose=novi%00dades", 422, "purpose.bad_character"),
        ("channel=sms%00&purpose=novidades", 422, "channel.unknown"),
        ("channel=sms&purpose=%ED%A0%80", 422, "purpose.bad_character"),
        ("channel=sms&purpose=novidades&purpose=novidades", 400, "parameter.twice"),
        ("channel=sms&purpose=novidades&sender=%2B55%00", 422, "sender.malformed"),
        ("channel=sms&purpose=novidades&" + "x" * 60_000, 400, "parameter.unknown"),
        ("channel=sms&purpose=novidades&_connector=OR", 400, "parameter.unknown"),
    ],
)
def test_an_address_is_read_as_strictly(program: Program, query: str, status: int, code: str) -> None:
    heard = program.send(b"", REQUEST_METHOD="GET", QUERY_STRING=query, HTTP_OPTIN_CONTACT=ANA.value)
    assert (heard.status, heard.json()["code"]) == (status, code)


def test_a_stream_without_a_topic_is_refused_before_it_begins(program: Program) -> None:
    assert stream(program, topic={"channel": "sms"}).json()["code"] == "purpose.required"
    empty = program.send(b"", CONTENT_TYPE="application/x-ndjson", CONTENT_LENGTH=None)
    assert empty.json()["code"] == "json.syntax"


def test_a_stream_is_read_piece_by_piece_and_decided_in_portions(
    program: Program, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "PIECE", 7)
    monkeypatch.setattr(many, "AT_ONCE", 2)
    says(aurora)

    heard = stream(program, *[b'"+5511987654321"'] * 5)

    assert reasons(heard) == ["given"] * 5
    assert list(many._lines(io.BytesIO(b"a\n\nbb\r\nc").read)) == [b"a", b"", b"bb", b"c"]


def test_a_question_may_be_a_get_with_the_number_in_a_header(program: Program, aurora: Sample) -> None:
    says(aurora)

    def get(query: str, contact: str = ANA.value) -> Any:
        return program.send(b"", REQUEST_METHOD="GET", QUERY_STRING=query, HTTP_OPTIN_CONTACT=contact).json()

    assert get("channel=sms&purpose=novidades")["reason"] == "given"
    assert get("channel=sms&category=marketing")["reason"] == "given"
    assert get("channel=sms&category=utility")["reason"] == "no_record"
    assert get("channel=sms&purpose=novidades&contact=%2B5511987654321")["code"] == "parameter.unknown"
    assert get("channel=sms&channel=voice&purpose=novidades")["code"] == "parameter.twice"
    assert get("channel=sms&purpose=novidades", "")["code"] == "phone.required"


def test_a_category_is_allowed_by_any_of_its_purposes(program: Program, aurora: Sample) -> None:
    says(aurora)

    assert ask(program, contact=ANA.value, category="marketing").json()["allow"]
    assert ask(program, contact=ANA.value, category="utility").json()["reason"] == "no_record"
    assert ask(program, contact=ANA.value, category="authentication").json()["reason"] == "unknown_purpose"
    assert reasons(ask(program, contacts=[ANA.value], category="authentication")) == ["unknown_purpose"]


def test_of_several_purposes_the_one_that_allows_counts_and_else_the_one_that_says_most(
    program: Program, aurora: Sample
) -> None:
    name = aurora.purposes["novidades"].name
    for slug in ("a-raffle", "z-raffle"):
        Purpose.objects.create(company=aurora.company, slug=slug, category="marketing", name=name)
    says(aurora)
    says(aurora, BRUNO, state=State.REFUSED, possession=Possession.NONE)

    asked = ask(program, contacts=[ANA.value, BRUNO.value, CLARA.value], category="marketing")

    assert reasons(asked) == ["given", "refused", "no_record"]
    for contact, reason in ((ANA, "given"), (BRUNO, "refused"), (CLARA, "no_record")):
        assert ask(program, contact=contact.value, category="marketing").json()["reason"] == reason


def test_a_past_moment_is_answered_as_it_was(program: Program, aurora: Sample) -> None:
    says(aurora)
    between = timezone.now()
    stops(aurora)

    then = ask(program, contact=ANA.value, at=between.isoformat()).json()
    now = ask(program, contact=ANA.value).json()

    assert (then["reason"], now["reason"]) == ("given", "withdrawn")


def test_a_list_while_the_database_is_away_is_all_no(
    program: Program, aurora: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("consent.decision.look_at_many", refuse)

    assert reasons(ask(program, contacts=[ANA.value, BRUNO.value])) == ["unavailable"] * 2


def oracle(said: list[tuple[datetime, str, datetime]], at: datetime) -> str:
    """An independent answer: (when said, state, when recorded), in the order of arrival."""
    known = [(n, when, state) for n, (when, state, recorded) in enumerate(said) if recorded <= at]
    ends = [(n, when) for n, when, state in known if state in ("withdrawn", "refused")]
    last_n = max((n for n, _ in ends), default=-1)
    last_when = max((when for _, when in ends), default=datetime.min.replace(tzinfo=UTC))
    after = [
        (when, state)
        for n, when, state in known
        if state in ("given", "requested") and n > last_n and when > last_when
    ]
    given = [when for when, state in after if state == "given" and when <= at]
    if given:
        return "expired" if at >= max(given) + timedelta(days=730) else "given"
    if after:
        return "requested"
    if ends:
        return max((when, n, state) for n, when, state in known if (n, when) in ends)[2]
    return "no_record"


def test_all_ways_to_ask_agree_with_one_another_and_with_an_oracle(program: Program, aurora: Sample) -> None:
    """Random histories at random moments of the past; OPTIN_EXHAUSTIVE makes them ten thousand."""
    histories = 10_000 if os.environ.get("OPTIN_EXHAUSTIVE") else 60
    chance = random.Random(7)
    told: dict[str, list[tuple[datetime, str, datetime]]] = {}
    begun = timezone.now() - timedelta(days=900)
    for number in range(histories):
        contact = Contact.tel(f"+55119{80_000_000 + number}")
        for _ in range(chance.randrange(4)):
            state = chance.choice([State.GIVEN, State.GIVEN, State.REQUESTED, State.WITHDRAWN, State.REFUSED])
            when = begun + timedelta(days=chance.randrange(890), seconds=chance.randrange(86_400))
            possession = Possession.CODE if state == State.GIVEN else Possession.NONE
            recorded = says(aurora, contact, state=state, possession=possession, event_time=when)
            row = ConsentRecord.objects.get(uid=recorded.records[0])
            told.setdefault(contact.value, []).append((row.event_time, row.state, row.recorded_at))
        told.setdefault(contact.value, [])
    for at in (None, timezone.now() - timedelta(microseconds=1), begun + timedelta(days=400)):
        asked = {} if at is None else {"at": at.isoformat()}
        in_a_list = reasons(ask(program, contacts=list(told), **asked))
        in_a_stream = reasons(
            stream(
                program, *(json.dumps(number).encode() for number in told),
                topic={"channel": "sms", "purpose": "novidades"} | asked,
            )
        )  # fmt: skip
        alone = [
            decision.may_send(
                Contact.tel(number), company=aurora.company.pk, channel="sms", purpose="novidades", at=at
            ).reason.value
            for number in told
        ]
        expected = [oracle(said, at or timezone.now()) for said in told.values()]
        assert in_a_list == in_a_stream == alone == expected
    assert may(aurora, ANA).reason == "no_record"
