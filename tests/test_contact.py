"""Reading phone numbers as people type them, and hiding them again."""

import pickle

import pytest
from django.utils import translation

from consent.contact import TEL, WHATSAPP_USER_ID, Contact
from consent.errors import BadInput

ANA = "+5511987654321"


def refused(text: str, region: str | None = None, **more: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        Contact.tel(text, region, **more)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        ANA,
        " +55 11 98765-4321 ",
        "(+55) 11 98765.4321",
        "(11) 98765-4321",
        "11987654321",
        "011 98765-4321",
        "5511987654321",
        "+५५११९८७६५४३२१",
        "＋５５１１９８７６５４３２１",
        "+٥٥ ١١ ٩٨٧٦٥-٤٣٢١",
        "+55\u00a011\u00a098765-4321",
        "+55\t11 98765\n4321",
        "\u202a+55 11 98765-4321\u202c",
        "\u2068+55\u00a011\u00a098765\u20114321\u2069",
        "\ufeff+5511987654321\u200b",
        "11 98765–4321",
    ],
)
def test_every_spelling_of_a_number_is_one_number(text: str) -> None:
    assert Contact.tel(text, "BR") == Contact(TEL, ANA)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_nothing_typed_is_asked_for(text: str) -> None:
    assert refused(text).code == "phone.required"


@pytest.mark.parametrize(
    "text",
    [
        "tel:87654321;phone-context=evil.com",
        "+5511987654321;ext=12",
        "+5511987654321,,123#",
        "+5511987654321 x12",
        "0800 FLOWERS",
        "+55_11_98765_4321",
        "+5511987654321\x00",
        "+55119876\ud8004321",
        "+55119876\u202e54321",
        "+5511987654321 / 22",
        "½",
    ],
)
def test_what_is_not_part_of_a_number_is_not_read_past(text: str) -> None:
    assert refused(text, "BR").code == "phone.bad_character"


@pytest.mark.parametrize(
    "text",
    [
        "+55119876543211",
        "+5511987654321\n+5511987654322",
        "+5511987654321 +5511987654322",
        "11987654321 11987654322",
        "+",
        "()",
        "++5511987654321",
        "55+11987654321",
        "+0 11 98765-4321",
        "+999 1234 5678",
        "+5",
        "1" * 101,
        "x" * 10_000,
        "  " * 100 + ANA,
    ],
)
def test_what_is_not_one_whole_number_is_not_guessed_at(text: str) -> None:
    assert refused(text, "BR").code == "phone.not_possible"


@pytest.mark.parametrize("region", [None, "XX", ""])
def test_a_number_of_no_country_is_not_guessed_at(region: str | None) -> None:
    assert refused("11 98765-4321", region).code == "phone.not_possible"


@pytest.mark.parametrize("text", ["+551198765432", "+5511887654321", "+551187654321"])
def test_a_brazilian_number_that_cannot_exist_comes_with_the_rule_of_nine_digits(text: str) -> None:
    bad = refused(text)
    assert bad.code == "phone.not_valid"
    assert "nine digits" in bad.message


def test_elsewhere_the_rule_of_nine_digits_is_not_mentioned() -> None:
    bad = refused("+573991234567")
    assert bad.code == "phone.not_valid"
    assert "nine" not in bad.message


@pytest.mark.parametrize(
    "text",
    [
        "+1 (900) 555-1234",  # premium rate
        "+55 300 123 4567",  # shared cost
        "+44 7640 123456",  # pager
        "+44 55 1234 5678",  # a company's own, for everybody in it
        "+41 860 791234567",  # voicemail
    ],
)
def test_numbers_that_cost_or_reach_nobody_are_not_written_to(text: str) -> None:
    assert refused(text).code == "phone.type_blocked"


@pytest.mark.parametrize(
    "text", ["+870 773 111 632", "+882 16 123 456", "+870 0000", "+979 123 456 789", "+800 1234 5678"]
)
def test_satellites_and_numbers_of_no_country_are_not_enabled(text: str) -> None:
    assert refused(text).code == "phone.country_not_enabled"


def test_only_the_allowed_countries_are_taken() -> None:
    assert Contact.tel(ANA, allowed={"BR", "CO"}).region == "BR"
    assert refused("+12125550123", allowed={"BR", "CO"}).code == "phone.country_not_enabled"
    assert refused("+14165550123", allowed={"US"}).code == "phone.country_not_enabled"
    assert Contact.tel("+14165550123", allowed={"CA"}).region == "CA"


def test_a_refusal_never_repeats_what_was_typed() -> None:
    for text in [ANA + "1", "tel:87654321;evil", "+551187654321", "+19005551234"]:
        bad = refused(text)
        assert text not in f"{bad} {bad.message} {bad!r}"
        assert bad.pointer == "phone"


def test_a_refusal_says_what_to_do() -> None:
    with translation.override(None):
        assert "area code included" in refused("12").message


def test_mexican_numbers_lose_the_one_that_is_no_longer_dialled() -> None:
    assert Contact.tel("+52 1 55 1234 5678").value == "+525512345678"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+551187654321", "+5511987654321"),
        ("+553167654321", "+5531967654321"),
        ("+555177654321", "+5551977654321"),
        ("+5215512345678", "+525512345678"),
        ("+541123456789", "+5491123456789"),
        ("+543515123456", "+5493515123456"),
    ],
)
def test_two_spellings_of_one_person_are_found_as_one(one: str, other: str) -> None:
    assert Contact(TEL, one).canonical == Contact(TEL, other).canonical == other


@pytest.mark.parametrize(
    "number",
    [
        ANA, "+551134567890", "+525512345678", "+5491123456789", "+548001234567", "+573001234567", "+12125550123",
    ],
)  # fmt: skip
def test_every_other_number_is_found_as_itself(number: str) -> None:
    assert Contact(TEL, number).canonical == number


def test_what_a_person_is_written_to_stays_as_the_provider_spelled_it() -> None:
    assert Contact.reported("whatsapp:+551187654321").value == "+551187654321"


@pytest.mark.parametrize("address", [ANA, ANA[1:], f"whatsapp:{ANA}", f" whatsapp: {ANA} "])
def test_a_provider_may_report_a_number_in_several_ways(address: str) -> None:
    assert Contact.reported(address) == Contact(TEL, ANA)


def test_a_reported_number_need_not_be_valid_because_a_stop_counts_from_any() -> None:
    assert Contact.reported("+551187654321").value == "+551187654321"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("11 8765-4321", "+551187654321"),  # a mobile without the ninth digit, and no number of +1
        ("1187654321", "+551187654321"),
        ("+55 11 8765-4321", "+551187654321"),
        ("+1 (900) 555-1234", "+19005551234"),
        ("+８７０ 773 111 632", "+870773111632"),
        ("(11) 98765-4321", ANA),
    ],
)
def test_whoever_stops_is_found_by_a_number_that_no_form_takes(text: str, value: str) -> None:
    assert Contact.stopping(text, "BR").value == value


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        # 00 is dialled before a country code in most of the world, and in these regions it is not.
        ("0055 11 98765-4321", "BR", ANA),
        ("0055 11 8765-4321", "BR", "+551187654321"),
        ("0057 300 123 4567", "CO", "+573001234567"),
        ("0057 300 123 4567", "BR", "+573001234567"),
        ("0054 9 11 2345-6789", "BR", "+5491123456789"),
        ("00521 55 1234 5678", "BR", "+525512345678"),
        # Where it is dialled it is read as ever, and so is whatever is a number of the region.
        ("0055 11 98765-4321", "AR", ANA),
        ("0 15 11 98765-4321", "BR", ANA),
        # Mexico before 2019, and as WhatsApp writes it.
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("045 55 1234 5678", "MX", "+525512345678"),
        ("521 55 1234 5678", "MX", "+525512345678"),
        ("52 55 1234 5678", "MX", "+525512345678"),
        # Argentina: the 9 is dialled from abroad, the 15 at home, and some write both.
        ("11 15 2345-6789", "AR", "+5491123456789"),
        ("011 15 2345-6789", "AR", "+5491123456789"),
        ("+54 11 15 2345-6789", "AR", "+5491123456789"),
        ("+54 9 11 15 2345-6789", "BR", "+5491123456789"),
        ("+54 9 351 15 512-3456", "AR", "+5493515123456"),
        ("54 9 11 2345-6789", "AR", "+5491123456789"),
    ],
)
def test_a_number_is_the_same_however_it_is_dialled(text: str, region: str, value: str) -> None:
    assert Contact.stopping(text, region).value == value


@pytest.mark.parametrize(
    ("text", "region"),
    [("98765-4321", "BR"), ("8765-4321", "BR"), ("+55 98765-4321", "BR"), ("555-1234", "US")],
)
def test_whoever_stops_with_a_part_of_a_number_is_told_so(text: str, region: str) -> None:
    with pytest.raises(BadInput, match=r"phone\.not_possible"):
        Contact.stopping(text, region)


def test_whoever_stops_without_a_number_is_asked_for_one() -> None:
    with pytest.raises(BadInput, match=r"phone\.required"):
        Contact.stopping(" ", "BR")
    with pytest.raises(BadInput, match=r"phone\.not_possible"):
        Contact.stopping("+5511", "BR")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anonymous",
        "Restricted",
        "client:ana",
        "sip:ana@example.com",
        "28028",
        "+0123456789",
        "1" * 16,
        "+55 11 9",
    ],
)
def test_a_sender_nobody_can_be_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match=r"phone\.not_possible"):
        Contact.reported(address)


@pytest.mark.parametrize("address", ["US.13491208655302741918", "whatsapp:BR.ENT.1181x", "uUS.134912"])
def test_a_whatsapp_user_id_is_taken_as_it_comes(address: str) -> None:
    contact = Contact.reported(address)
    assert contact == Contact(WHATSAPP_USER_ID, address.removeprefix("whatsapp:"))
    assert contact.canonical == contact.value
    assert contact.country_code is contact.region is None


def test_an_unknown_form_of_user_id_is_not_rejected() -> None:
    assert Contact.whatsapp_user(" 55-x_y ").value == "55-x_y"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", "phone.required"),
        ("US.1\x00", "phone.bad_character"),
        ("US." + "1" * 200, "phone.bad_character"),
    ],
)
def test_a_user_id_that_is_none_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        Contact.whatsapp_user(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("number", "code", "region"),
    [
        (ANA, 55, "BR"),
        ("+12125550123", 1, "US"),
        ("+14165550123", 1, "CA"),
        ("+351912345678", 351, "PT"),
        ("+870773111632", 870, None),
        ("+9991234567", None, None),
    ],
)
def test_a_number_has_a_country(number: str, code: int | None, region: str | None) -> None:
    contact = Contact(TEL, number)
    assert (contact.country_code, contact.region) == (code, region)


@pytest.mark.parametrize(
    ("contact", "masked"),
    [
        (Contact(TEL, ANA), "+55 ·· ····· ··21"),
        (Contact(TEL, "+351912345678"), "+351 ·· ····· ··78"),
        (Contact(TEL, "+9991234567"), "+ ·· ····· ··67"),
        (Contact(WHATSAPP_USER_ID, "US.13491208"), "US.·········08"),
        (Contact(WHATSAPP_USER_ID, "uUS.13491208"), ".·········08"),
    ],
)
def test_only_the_country_and_the_last_two_digits_are_shown(contact: Contact, masked: str) -> None:
    assert contact.masked == masked
    assert repr(contact) == str(contact) == f"{contact}" == f"<Contact {contact.scheme} {masked}>"


def test_a_contact_is_a_value() -> None:
    ana = Contact.tel(ANA)
    assert {ana, Contact(TEL, ANA)} == {ana}
    assert pickle.loads(pickle.dumps(ana)) == ana
    with pytest.raises(AttributeError):
        ana.value = "+5511987654322"  # type: ignore[misc]
