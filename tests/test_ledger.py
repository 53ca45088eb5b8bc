"""How records stand in files: no cell is ever a formula."""

import pytest

from consent import ledger


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|'/C calc'!A0", "+1+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM",
        " =1+1", "\u00a0=1+1", "\u3000＝1", "\0=1",
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(cell: str) -> None:
    assert ledger.inert(cell) == f"'{cell}"
    assert ledger.inert(f"a{cell.replace(chr(9), '')}") == f"a{cell.replace(chr(9), '')}"


@pytest.mark.parametrize("separator", [";", "|", "\t"])
def test_no_cell_becomes_two_of_which_one_is_a_formula(separator: str) -> None:
    """In Brazil and most of Europe a spreadsheet splits lines at semicolons, whatever separates them here."""
    assert ledger.inert(f"Ana{separator}=1+1") == f"Ana{separator}'=1+1"
    assert ledger.inert(f"Ana{separator} -1{separator}b") == f"Ana{separator} '-1{separator}b"


@pytest.mark.parametrize("cell", ["", "Ana", "a=b", "1-2", "Ana; Bruno", "'=1"])
def test_what_is_none_stays_as_it_is(cell: str) -> None:
    assert ledger.inert(cell) == cell
