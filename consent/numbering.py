"""Which digits are a phone number in normal form, by the world's numbering plans, without parsing them.

A number matched here is exactly what libphonenumber would make of it, found nine times faster; whatever is in
doubt is left to the parser. The patterns are the library's own.
"""

from __future__ import annotations

import re
from functools import cache
from typing import cast

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, country_code_for_region
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

# Satellites, international toll-free and premium services: their region is the world (UN M.49 001).
NON_GEOGRAPHIC = frozenset(code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if "001" in regions)
NEVER = r"(?!)"

_CODES = {str(code): code for code in COUNTRY_CODE_TO_REGION_CODE}  # none begins another one (ITU-T E.164)


def normal_form(digits: str, *, region: str | None) -> str | None:
    """The E.164 form of digits that are a valid, ordinary number already; None leaves it to the parser."""
    if digits.startswith("+"):
        code = country_code(digits)
        pattern = None if code is None else _international_pattern(code)
        return digits if pattern and pattern.fullmatch(digits) else None
    home = None if region is None else _home(region)
    return f"+{home[0]}{digits}" if home and home[1].fullmatch(digits) else None


def country_code(number: str) -> int | None:
    """The country calling code of a number that starts with +."""
    return _CODES.get(number[1:3]) or _CODES.get(number[1:2]) or _CODES.get(number[1:4])


@cache
def _international_pattern(code: int) -> re.Pattern[str] | None:
    """Numbers of the main region of a country code, which parsing would leave exactly as they are.

    Where regions share a code (+1, +44), the library asks the main one first: its numbers need no other.
    """
    plan = None if code in NON_GEOGRAPHIC else _plan(COUNTRY_CODE_TO_REGION_CODE[code][0])
    return None if plan is None or plan.leading_digits else re.compile(rf"\+{code}{_significant(plan)}")


@cache
def _home(region: str) -> tuple[int, re.Pattern[str]] | None:
    """The code of a region, and its numbers without it that nobody could take for international ones."""
    code = country_code_for_region(region)  # 0 for a region that does not exist
    if code == 0 or COUNTRY_CODE_TO_REGION_CODE[code][0] != region or _international_pattern(code) is None:
        return None
    plan = _plan(region)
    return code, re.compile(rf"(?!{plan.international_prefix or NEVER})(?!{code}){_significant(plan)}")


def _plan(region: str) -> PhoneMetadata:
    return cast(PhoneMetadata, PhoneMetadata.metadata_for_region(region, None))


def _significant(plan: PhoneMetadata) -> str:
    """National numbers that are valid, of no type we refuse, and with no prefix that parsing would strip."""
    refused = _any_of(plan.premium_rate, plan.shared_cost, plan.pager, plan.uan, plan.voicemail)
    accepted = _any_of(plan.mobile, plan.fixed_line, plan.toll_free, plan.voip, plan.personal_number)
    prefix = plan.national_prefix_for_parsing or NEVER
    return rf"(?!{prefix})(?!{refused})(?={_any_of(plan.general_desc)}){accepted}"


def _any_of(*kinds: PhoneNumberDesc | None) -> str:
    alternatives = [
        rf"(?={_lengths(kind.possible_length)}\Z)(?:{kind.national_number_pattern})\Z"
        for kind in kinds
        if kind is not None and kind.national_number_pattern
    ]
    return rf"(?:{'|'.join(alternatives)})" if alternatives else NEVER


def _lengths(possible: tuple[int, ...]) -> str:
    """Digits in one of the possible numbers of them; none named means those of the whole plan."""
    return rf"(?:{'|'.join(rf'[0-9]{{{length}}}' for length in possible)})" if possible else "[0-9]+"
