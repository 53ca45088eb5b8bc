"""The fast way to read a number says what the slow way says, or nothing."""

import random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers.phonemetadata import PhoneMetadata

from consent import numbering
from consent.contact import BLOCKED_TYPES, Contact
from consent.errors import BadInput

KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager",
    "uan", "voicemail",
)  # fmt: skip


def plans() -> list[tuple[int, str, PhoneMetadata]]:
    return [
        (code, region, PhoneMetadata.metadata_for_region_or_calling_code(code, region))
        for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
        for region in regions
    ]


EXAMPLES = [
    (code, region, kind.example_number)
    for code, region, plan in plans()
    for kind in (getattr(plan, name) for name in KINDS)
    if kind is not None and kind.example_number
]


def slowly(digits: str, region: str | None) -> str | None:
    """What libphonenumber alone makes of a number; None for one that we would not take."""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) in BLOCKED_TYPES:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def spoil(digits: str, choose: random.Random) -> str:
    """A number like this one, with some digits changed, one more, one fewer, or a prefix."""
    changed = list(digits)
    for _ in range(choose.choice([0, 1, 2, len(changed) // 2, len(changed)])):
        changed[choose.randrange(len(changed))] = choose.choice("0123456789")
    if choose.random() < 0.1:
        changed.insert(choose.randrange(len(changed) + 1), choose.choice("0123456789"))
    if choose.random() < 0.1:
        changed.pop()
    return choose.choice(["", "", "", "", "", "", "0", "1", "00"]) + "".join(changed)


def test_thousands_of_numbers_of_every_plan_are_read_as_the_library_reads_them() -> None:
    choose = random.Random(6962)
    fast = 0
    for _ in range(12_000):
        code, region, example = choose.choice(EXAMPLES)
        national = spoil(example, choose)
        digits, home = choose.choice(
            [
                (f"+{code}{national}", None),
                (f"+{code}{national}", "BR"),
                (national, region),
                (f"{code}{national}", region),
            ]
        )
        if found := numbering.normal_form(digits, region=None if home == "001" else home):
            fast += 1
            assert found == slowly(digits, home), f"{digits} in {home}"
    assert fast > 1_500, "the fast way was hardly taken"


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([None, "BR", "MX", "CO", "US", "PT", "AR", "IT", "GB", "CI"]),
    st.from_regex(r"\+?[0-9]{4,16}", fullmatch=True),
)
def test_any_digits_are_read_as_the_library_reads_them(region: str | None, digits: str) -> None:
    found = numbering.normal_form(digits, region=region)
    assert found is None or found == slowly(digits, region)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(EXAMPLES),
    st.integers(0, 10**8),
    st.sampled_from(["+{0} {1}", "+{0}{1}", "(+{0}) {1}", "{1}"]),
)
def test_a_contact_is_read_as_the_library_reads_it(
    example: tuple[int, str, str], tail: int, spelling: str
) -> None:
    code, region, number = example
    number = f"{number[:-4]}{tail:04d}"[: len(number)]
    text = spelling.format(code, number)
    home = None if region == "001" or spelling != "{1}" else region
    try:
        found: str | None = Contact.tel(text, home).value
    except BadInput as bad:
        found = None
        if bad.code == "phone.country_not_enabled":  # satellites are valid to the library
            return
    assert found == slowly(text, home)


@pytest.mark.parametrize("region", ["BR", "CO", "MX", "PE", "CL", "PT", "ES"])
def test_the_mobile_numbers_of_our_countries_take_the_fast_way(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    normal = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert numbering.normal_form(normal, region=None) == normal


@pytest.mark.parametrize(
    ("digits", "region"),
    [
        ("+8825512345678", None),  # a satellite
        ("+77012345678", None),  # Kazakhstan, where the main region is told by its first digits
        ("87012345678", "RU"),
        ("5062345678", "CA"),  # the main region of +1 is another
        ("11987654321", "XX"),
        ("11987654321", None),
        ("+9991234567", None),
        ("+5", None),
    ],
)
def test_what_is_in_doubt_is_left_to_the_parser(digits: str, region: str | None) -> None:
    assert numbering.normal_form(digits, region=region) is None


def test_every_calling_code_is_recognised() -> None:
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        assert numbering.country_code(f"+{code}123456") == code


def test_an_unassigned_calling_code_is_none() -> None:
    assert numbering.country_code("+999123") is None
    assert numbering.country_code("+") is None
