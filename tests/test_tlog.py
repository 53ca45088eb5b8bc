"""The public side of the log: C2SP tiles and checkpoints, exact addresses only, nothing personal."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from consent import vault
from consent.log import checkpoint, cosignature, merkle, published, tiles, tree
from consent.models import LogPending
from consent.sample import Sample
from tests import cast

SIZE = 260


@pytest.fixture
def log(db: None) -> None:
    LogPending.objects.bulk_create(
        LogPending(id=vault.new_id(), arrival=timezone.now(), data=f"entry {number}".encode())
        for number in range(SIZE)
    )
    assert tree.sequence() == SIZE


def test_an_empty_log_has_no_checkpoint_yet(db: None, client: Client) -> None:
    assert client.get("/log/checkpoint").status_code == 404


def test_the_checkpoint_verifies_with_the_public_key_and_is_not_cached(log: None, client: Client) -> None:
    response = client.get("/log/checkpoint")
    key = checkpoint.Verifier.parse(client.get("/log/key").text.strip())

    signed = checkpoint.verify(response.text, log=key).checkpoint

    assert (signed.size, response.headers["Cache-Control"]) == (SIZE, "no-store")
    assert response.headers["Content-Type"].startswith("text/plain")


def test_tiles_and_entries_give_the_signed_root(log: None, client: Client) -> None:
    full, rest = client.get("/log/tile/0/000"), client.get("/log/tile/0/001.p/4")
    hashes = [*tiles.split_hashes(full.content), *tiles.split_hashes(rest.content)]
    entries = [
        *tiles.decode_entries(client.get("/log/tile/entries/000").content),
        *tiles.decode_entries(client.get("/log/tile/entries/001.p/4").content),
    ]

    assert "immutable" in full.headers["Cache-Control"]
    assert [merkle.leaf_hash(entry) for entry in entries] == hashes
    last = published.latest()
    assert last is not None
    assert checkpoint.verify(last.note, log=published.signing_key().verifier).checkpoint.root == merkle.root(
        hashes
    )
    assert tiles.split_hashes(client.get("/log/tile/1/000.p/1").content) == [merkle.root(hashes[:256])]


@pytest.mark.parametrize(
    "address",
    [
        "0/x-1",
        "64/000",
        "0/001.p/0",
        "0/001.p/256",
        "0/001.p/5",
        "0/001",
        "0/%2e%2e",
        "entries/002.p/1",
        "0/1",
        "x",
    ],
)
def test_an_address_that_is_no_tile_of_this_log_is_not_found(log: None, client: Client, address: str) -> None:
    response = client.get(f"/log/tile/{address}")

    assert response.status_code == 404
    assert "immutable" not in response.headers.get("Cache-Control", "")


def test_a_tile_of_an_empty_log_is_not_found(db: None, client: Client) -> None:
    assert client.get("/log/tile/0/000.p/1").status_code == 404


def test_the_keys_of_witnesses_are_listed_and_their_addresses_are_not(client: Client, settings: Any) -> None:
    assert client.get("/log/witnesses").text == ""
    keys = [cosignature.Cosigner.from_seed(f"{name}.example", b"w" * 32).verifier for name in "ab"]
    settings.OPTIN_WITNESSES = [f"{key} https://10.0.0.1/{number}" for number, key in enumerate(keys)]

    assert client.get("/log/witnesses").text == f"{keys[0]}\n{keys[1]}\n"


@pytest.mark.parametrize("address", ["checkpoint", "key", "witnesses", "tile/0/000"])
def test_nobody_writes_to_the_log_from_outside(log: None, client: Client, address: str) -> None:
    assert client.post(f"/log/{address}").status_code == 405


def test_nothing_personal_is_served(aurora: Sample, client: Client) -> None:
    cast.says(aurora)
    tree.sequence()
    served = client.get("/log/tile/entries/000.p/1").content + client.get("/log/checkpoint").content

    assert cast.ANA.value[1:].encode() not in served
    assert vault.lookup(aurora.company.pk, cast.ANA).hex().encode() not in served
    assert published.read_entries(0, 1) in served
