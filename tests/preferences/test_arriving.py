"""Coming by number: known and unknown cannot be told apart, guesses are counted, and a stop needs no code."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent import codes as guesses
from consent import erasure, opening, outbox, vault
from consent.models import Company, ConsentRecord, ContactPoint, OutboundMessage, Sender, Visit
from consent.preferences import visits, waiting
from consent.recording import Recorded
from consent.sample import Sample
from tests import cast, staff
from tests.capture.conftest import codes, text
from tests.preferences.conftest import anybodys
from tests.preferences.test_keeping import ReadOnly, spooled
from tests.preferences.test_pages import KEY, say_yes

FRONT = "/preferences/?lang=en"
KNOWN, UNKNOWN = cast.ANA.value, cast.BRUNO.value


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.0)


def arrive(client: Client, number: str = KNOWN, **fields: str) -> str:
    """Where the code is typed; the worker has looked at it."""
    answer = client.post(FRONT, {"phone": number, "wish": "code", **fields})
    assert answer.status_code == 303
    while visits.drain():
        pass
    return str(answer["Location"])


def code_sent() -> str:
    message = OutboundMessage.objects.filter(kind="code").latest("created_at")
    words: str = opening.message_content(message)["text"]
    return next(code for code in [guesses.read(part) for part in _numbers(words)] if code)


def _numbers(words: str) -> Iterator[str]:
    parts = words.replace(".", " ").split()
    for one, other in itertools.pairwise(parts):
        if (one + other).isdigit() and len(one + other) == 8:
            yield one + other


def test_with_the_code_everything_is_seen_and_changed(aurora: Sample, client: Client, said: Recorded) -> None:
    page = arrive(client)
    message = OutboundMessage.objects.get(kind="code")
    assert "Café Aurora" in opening.message_content(message)["text"]
    proved = client.post(page, {"code": code_sent()})
    assert proved.status_code == 303

    address = proved["Location"].partition("?")[0]
    assert "News and offers by WhatsApp" in text(client.get(f"{address}?lang=en"))
    client.post(address, {"stop": KEY})
    assert ConsentRecord.objects.latest("arrival").possession == "code"
    assert say_yes(client, address).status_code == 303
    assert (cast.may(aurora).allow, ConsentRecord.objects.latest("arrival").possession) == (True, "code")


def test_each_company_speaks_by_its_own_clock(aurora: Sample, client: Client) -> None:
    elsewhere = staff.other_sample()
    with time_machine.travel(cast.at("2026-02-01 12:00"), tick=False):
        cast.says(aurora)
        cast.says(elsewhere)
        page = arrive(client)
        shown = text(client.get(client.post(page, {"code": code_sent()})["Location"]))

    assert elsewhere.company.time_zone == "America/Bogota"
    assert "1 February 2026, 09:00" in shown  # São Paulo
    assert "1 February 2026, 07:00" in shown


def test_from_anybodys_receipt_one_tap_sends_the_code(aurora: Sample, client: Client, said: Recorded) -> None:
    answer = client.post(anybodys(said.act), {"wish": "code"})
    visits.drain()

    assert client.post(answer["Location"], {"code": code_sent()}).status_code == 303
    assert Visit.objects.get().proved_at is not None


# --- Known or not


def send(client: Client, number: str, wish: str) -> Any:
    return client.post(FRONT, {"phone": number, "wish": wish})


@pytest.mark.parametrize("wish", ["code", "stop"])
def test_known_and_unknown_get_the_same_answer_of_the_same_size(
    client: Client, said: Recorded, wish: str
) -> None:
    known, unknown = (send(client, number, wish) for number in (KNOWN, UNKNOWN))
    assert known.status_code == unknown.status_code == 303
    assert len(known["Location"]) == len(unknown["Location"])
    assert known.headers.keys() == unknown.headers.keys()

    pages = [client.get(answer["Location"]) for answer in (known, unknown)]
    # The last two digits that were typed are shown again; a nonce has the same length each time.
    assert len({len(page.content) for page in pages}) == 1
    assert text(pages[0]).replace("··21", "") == text(pages[1]).replace("··10", "")


def test_known_and_unknown_ask_the_database_the_same(client: Client, said: Recorded) -> None:
    asked = []
    for number in (KNOWN, UNKNOWN):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            send(client, number, "code")
        asked.append([query["sql"].split(" VALUES ")[0] for query in queries.captured_queries])

    assert asked[0] == asked[1]


def test_a_wrong_code_for_either_asks_the_database_the_same(client: Client, said: Recorded) -> None:
    asked, answers = [], []
    for number in (KNOWN, UNKNOWN):
        page = arrive(client, number)
        with CaptureQueriesContext(connection) as queries:
            answers.append(client.post(page, {"code": "00000000"}))
        asked.append(len(queries.captured_queries))

    assert asked[0] == asked[1]
    assert [(answer.status_code, codes(answer)) for answer in answers] == [(422, ["code.wrong"])] * 2


def test_known_and_unknown_cost_the_same_work(client: Client, said: Recorded) -> None:
    """The two do the very same, so they cost the same once nothing disturbs: the least of 40 on this thread's own
    clock, which stands still while the machine does something else.

    What would tell them apart, such as a look-up that sends a message within the request, costs several statements
    more, and more than as much again.
    """
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for number in [KNOWN, UNKNOWN, UNKNOWN, KNOWN] * 20:
        started = time.thread_time()
        send(client, number, "code")
        took[number].append(time.thread_time() - started)

    assert 0.5 < min(took[KNOWN]) / min(took[UNKNOWN]) < 2


def test_only_a_known_number_is_sent_anything(client: Client, said: Recorded) -> None:
    arrive(client, UNKNOWN)
    assert not OutboundMessage.objects.exists()
    arrive(client)

    assert OutboundMessage.objects.get().number_key == vault.number_key(cast.ANA)


def test_a_number_gets_three_codes_a_day_whoever_asks(client: Client, said: Recorded) -> None:
    for _ in range(visits.CODES_A_DAY + 2):
        arrive(client)

    assert OutboundMessage.objects.count() == visits.CODES_A_DAY


def test_a_code_that_could_not_leave_in_time_never_leaves(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    arrive(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        outbox.claim()

    assert OutboundMessage.objects.get().state == "expired"


def test_a_worker_that_comes_too_late_sends_nothing(client: Client, said: Recorded) -> None:
    client.post(FRONT, {"phone": KNOWN, "wish": "code"})
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert visits.drain() == 1
        assert visits.drain() == 0

    assert not OutboundMessage.objects.exists()


def test_where_no_sender_can_reach_the_number_nothing_is_queued(client: Client, said: Recorded) -> None:
    Sender.objects.filter(channel="sms").update(is_paused=True)
    arrive(client)

    assert not OutboundMessage.objects.exists()


def test_a_visit_is_forgotten_after_a_day_and_with_its_person(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    arrive(client)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        assert visits.drain() == 1
    assert not Visit.objects.exists()

    arrive(client)
    erasure.erase(said.subject, company=aurora.company, entity="subject")
    assert not Visit.objects.exists()


# --- The code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "code.required"), ("1_0000000", "code.not_possible"), ("1234", "code.not_possible")],
)
def test_what_is_no_code_costs_no_guess(client: Client, said: Recorded, typed: str, code: str) -> None:
    answer = client.post(arrive(client), {"code": typed})

    assert (answer.status_code, codes(answer)) == (422, [code])


def test_a_code_may_be_typed_with_spaces_and_in_any_digits(client: Client, said: Recorded) -> None:
    page = arrive(client)
    arabic = code_sent().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))

    assert client.post(page, {"code": f" {arabic[:4]} {arabic[4:]} "}).status_code == 303


def test_after_five_wrong_codes_the_right_one_is_locked_out(client: Client, said: Recorded) -> None:
    page = arrive(client)
    right = code_sent()
    wrong = f"{(int(right) + 1) % 10**8:08d}"
    answers = [client.post(page, {"code": wrong}).status_code for _ in range(guesses.PER_CODE)]
    locked = client.post(page, {"code": right})

    assert answers == [422] * 5
    assert (locked.status_code, codes(locked), locked["Retry-After"]) == (429, ["code.locked"], "600")


def test_a_code_that_is_too_old_is_gone_and_another_is_offered(client: Client, said: Recorded) -> None:
    page = arrive(client)
    right = code_sent()
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        assert client.get(page).status_code == 410
        gone = client.post(page, {"code": right})
        assert (gone.status_code, codes(gone)) == (410, ["link.expired"])
        again = client.post(page, {"wish": "code"})
        assert again.status_code == 303
        assert again["Location"] != page


def test_a_code_typed_twice_leads_on_both_times(client: Client, said: Recorded) -> None:
    page = arrive(client)
    first, again = (client.post(page, {"code": code_sent()}) for _ in range(2))

    assert (first.status_code, first["Location"]) == (again.status_code, again["Location"])
    assert client.get(page)["Location"] == first["Location"]


@pytest.mark.parametrize("token", ["x", "A" * 43])
def test_an_address_that_was_made_up_is_not_found(client: Client, aurora: Sample, token: str) -> None:
    assert client.get(f"/preferences/code/{token}/").status_code == 404
    assert client.post(f"/preferences/code/{token}/", {"code": "12345678"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_200_guesses_at_once_exactly_five_are_evaluated(aurora: Sample) -> None:
    cast.says(aurora)
    page = arrive(Client())
    wrong = f"{(int(code_sent()) + 1) % 10**8:08d}"

    def guess(_number: int) -> int:
        try:
            return Client().post(page, {"code": wrong}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(200)))

    assert {status: answers.count(status) for status in set(answers)} == {422: 5, 429: 195}
    assert Visit.objects.get().proved_at is None


def test_behind_the_code_the_page_stays_open_for_an_hour_and_stops_for_longer(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    address = client.post(arrive(client), {"code": code_sent()})["Location"].partition("?")[0]
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert client.get(address).status_code == 410
        assert client.get(f"{address}back/aurora/{KEY}/").status_code == 404
        assert client.post(address, {"all": "yes"}).status_code == 303
        assert cast.may(aurora).reason == "withdrawn"


def test_an_address_of_a_visit_that_is_forgotten_is_gone(client: Client, said: Recorded) -> None:
    address = client.post(arrive(client), {"code": code_sent()})["Location"].partition("?")[0]
    Visit.objects.all().delete()

    assert client.get(address).status_code == 410
    assert client.get(f"{address}back/aurora/{KEY}/").status_code == 410


def test_of_a_number_nobody_knows_nothing_is_held(client: Client, aurora: Sample) -> None:
    page = arrive(client, UNKNOWN)
    visit = Visit.objects.get()
    answer = client.post(page, {"code": vault.code(visit.pk)})

    assert "Nobody here knows this number" in text(client.get(answer["Location"]))


# --- A stop by number


def test_a_stop_by_number_needs_no_code_and_its_holder_is_told(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    answer = send(client, KNOWN, "stop")
    assert (answer.status_code, "Stopped" in text(client.get(answer["Location"]))) == (303, True)
    assert cast.may(aurora).reason == cast.may(aurora, channel="whatsapp").reason == "withdrawn"
    assert {record.method for record in ConsentRecord.objects.filter(state="withdrawn")} == {"website"}

    visits.drain()
    assert "/r/" in opening.message_content(OutboundMessage.objects.get())["text"]
    send(client, KNOWN, "stop")
    visits.drain()
    assert OutboundMessage.objects.count() == 1


def test_a_stop_for_a_number_never_seen_is_kept_and_told_to_nobody(aurora: Sample, client: Client) -> None:
    assert send(client, UNKNOWN, "stop").status_code == 303
    visits.drain()

    assert cast.may(aurora, cast.BRUNO).reason == "withdrawn"
    assert ContactPoint.objects.count() == 1
    assert not OutboundMessage.objects.exists()


def test_a_stop_by_number_is_taken_in_while_the_database_refuses(
    aurora: Sample, client: Client, said: Recorded, settings: Any
) -> None:
    with connection.execute_wrapper(ReadOnly()):
        answer = send(client, KNOWN, "stop")
    assert answer.status_code == 202
    (file,) = spooled(settings)
    assert KNOWN.encode() not in file.read_bytes()
    waiting.drain()

    assert cast.may(aurora).reason == "withdrawn"


@pytest.mark.parametrize("slug", ["", "aurora"])
def test_a_stop_by_number_is_taken_in_while_the_database_does_not_even_answer(
    aurora: Sample, client: Client, said: Recorded, settings: Any, slug: str
) -> None:
    refuse = ReadOnly()
    refuse.is_down = True
    with connection.execute_wrapper(refuse):
        answer = client.post(FRONT, {"phone": "(11) 98765-4321", "wish": "stop", "company": slug})
    assert (answer.status_code, "taken in" in text(answer)) == (202, True)
    (file,) = spooled(settings)
    assert b"98765" not in file.read_bytes()
    waiting.drain()

    assert cast.may(aurora).reason == "withdrawn"
    assert spooled(settings) == []


@pytest.mark.parametrize(
    ("number", "wish", "slug"),
    [("12", "stop", ""), ("9" * 101, "stop", ""), (KNOWN, "stop", "../x"), (KNOWN, "code", "")],
)
def test_what_can_be_no_stop_fills_no_disk_meanwhile(
    aurora: Sample, client: Client, settings: Any, number: str, wish: str, slug: str
) -> None:
    refuse = ReadOnly()
    refuse.is_down = client.raise_request_exception = True
    with connection.execute_wrapper(refuse), pytest.raises(DatabaseError):
        client.post(FRONT, {"phone": number, "wish": wish, "company": slug})
    assert spooled(settings) == []


@pytest.mark.parametrize("fields", [{"phone": "123456"}, {"phone": KNOWN, "company": "nobody"}])
def test_what_turns_out_to_be_no_stop_is_let_go(
    aurora: Sample, client: Client, settings: Any, fields: dict[str, str]
) -> None:
    refuse = ReadOnly()
    refuse.is_down = True
    with connection.execute_wrapper(refuse):
        assert client.post(FRONT, fields | {"wish": "stop"}).status_code == 202
    waiting.drain()

    assert not ConsentRecord.objects.exists()
    assert spooled(settings) == []


def test_an_address_that_no_database_takes_is_a_bad_one(client: Client, aurora: Sample) -> None:
    """On PostgreSQL a NUL is an error; SQLite finds nobody of that name."""
    assert client.get("/preferences/?company=%00").status_code == (
        400 if connection.vendor == "postgresql" else 200
    )


@pytest.mark.parametrize("typed", ["\u202a+55 11 98765-4321\u202c", "+55 11 98765\u20114321"])
def test_a_number_that_was_copied_from_a_phone_stops(
    aurora: Sample, client: Client, said: Recorded, typed: str
) -> None:
    """Phones put marks that nobody sees around what is copied from a contact."""
    assert send(client, typed, "stop").status_code == 303
    assert cast.may(aurora).reason == "withdrawn"


def test_a_number_no_plan_knows_may_stop_too(aurora: Sample, client: Client) -> None:
    assert send(client, "+55 (11) 00000-0000", "stop").status_code == 303
    assert ConsentRecord.objects.filter(state="withdrawn").count() == 3


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", "phone.required"),
        ("  ", "phone.required"),
        ("0800 FLOWERS", "phone.bad_character"),
        ("12", "phone.not_possible"),
        ("\0", "phone.bad_character"),
        ("11 98765-432", "phone.not_possible"),
        ("9" * 5000, "phone.not_possible"),
    ],
)
@pytest.mark.parametrize("wish", ["code", "stop"])
def test_what_is_no_number_is_shown_again(
    client: Client, aurora: Sample, number: str, code: str, wish: str
) -> None:
    answer = send(client, number, wish)

    assert answer.status_code == 422
    assert codes(answer)[0].startswith("phone."), code
    assert not Visit.objects.exists()


def test_of_several_companies_a_stop_names_one_and_a_code_shows_all(
    aurora: Sample, client: Client, said: Recorded
) -> None:
    other = staff.other_sample()
    cast.says(other)
    assert codes(send(client, KNOWN, "stop")) == ["company.required"]
    client.post(FRONT, {"phone": KNOWN, "wish": "stop", "company": "horizonte"})
    assert (cast.may(aurora).allow, cast.may(other).allow) == (True, False)

    page = arrive(client)
    address = client.post(page, {"code": code_sent()})["Location"].partition("?")[0]
    seen = text(client.get(f"{address}?lang=en"))
    assert "Padaria Horizonte" in seen
    assert "Café Aurora" in seen
    assert client.post(address, {"all": "yes"}).status_code == 404
    assert client.post(address, {"all": "yes", "company": "aurora"}).status_code == 303
    assert not cast.may(aurora).allow


def test_a_company_that_is_renamed_meanwhile_stops_all_the_same(
    aurora: Sample, client: Client, said: Recorded, settings: Any
) -> None:
    with connection.execute_wrapper(ReadOnly()):
        send(client, KNOWN, "stop")
    Company.objects.filter(slug="aurora").update(slug="renamed")
    waiting.drain()

    assert cast.may(aurora).reason == "withdrawn"
    assert spooled(settings) == []
