"""Canonical bytes are the ones somebody else's library writes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from consent.canonical import canonical, moment

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=10)
whole_numbers = st.integers(-(2**53) + 1, 2**53 - 1)
values = st.recursive(
    texts | whole_numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_canonical_bytes_are_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"x": value})


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        canonical("\ud800")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 2, 1, 12, tzinfo=UTC), "2026-02-01T12:00:00.000000Z"),
        (
            datetime(2026, 2, 1, 9, 0, 0, 1, tzinfo=timezone(-timedelta(hours=3))),
            "2026-02-01T12:00:00.000001Z",
        ),
        (datetime(987, 1, 1, tzinfo=UTC), "0987-01-01T00:00:00.000000Z"),
    ],
)
def test_a_moment_is_written_in_utc_to_the_microsecond(value: datetime, text: str) -> None:
    assert moment(value) == text


@given(st.lists(st.datetimes(timezones=st.just(UTC))))
def test_moments_sort_as_their_texts_do(moments: list[datetime]) -> None:
    assert sorted(map(moment, moments)) == list(map(moment, sorted(moments)))
