"""What the statement about somebody reads: their own rows, however many the company has of others."""

from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from consent.decision import statement
from consent.sample import Sample

# The tables of a company that grow with its people and messages, and by what one person's rows are found in them.
OWN = {
    "consent_contactpoint": "lookup=?",
    "r": "subject=? AND channel=?",
    "h": "subject=? AND channel=?",
    "t": "subject=? AND channel=?",
    "m": "subject=? AND sent_at>?",
    "i": "number_key=? AND received_at>?",
    "o": "number_key=? AND sent_at>?",
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL chooses by how much there is")
@pytest.mark.parametrize(("purpose", "is_limited"), [*product(["purpose", "category"], [True, False])])
def test_one_persons_rows_are_found_by_that_person(aurora: Sample, purpose: str, *, is_limited: bool) -> None:
    about = statement.About(aurora.company.pk, "whatsapp", **{purpose: "novidades"})
    query, parameters = statement.question(
        about, b"l" * 32, b"n" * 32, is_limited=is_limited, now=timezone.now()
    )
    found = _searches(query.sql, parameters)
    for table, by in OWN.items():
        if table != "m" or is_limited:
            assert found[table], table
        assert all(by in line for line in found[table]), found[table]


def _searches(sql: str, parameters: list[Any]) -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", [*map(str, parameters)])
        lines = [row[3] for row in cursor.fetchall()]
    return {table: [line for line in lines if line.split()[1] == table] for table in OWN}
