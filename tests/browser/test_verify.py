"""The page that checks a proof: green for what we made, red for every changed byte, naming its part."""

import contextlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from consent.log import cosignature, note
from consent.proof import tlog_proof
from consent.sample import Sample
from tests.browser.conftest import DESK, PHONE, Browse
from tests.log import published, rfc6962
from tests.proof import acts


@dataclass(frozen=True)
class Files:
    """What Ana downloaded from her receipt."""

    bundle: bytes
    proof: bytes
    entry: bytes
    record: str
    key: str


@pytest.fixture
def files(aurora: Sample) -> Files:
    found = acts.say_among_others(aurora)
    places = tlog_proof.of_records([record.uid for record in found.records])
    logged = [places[record.uid] for record in found.records]
    return Files(
        bundle=tlog_proof.bundle(logged).encode(),
        proof=str(logged[0].proof).encode(),
        entry=logged[0].entry,
        record=str(logged[0].record),
        key=tlog_proof.public_key(),
    )


@pytest.fixture
def page(browse: Browse) -> Page:
    opened = browse(width=DESK)
    opened.goto("/verify/")
    expect(opened.locator("#key")).to_have_value(re.compile(r"\+"))
    return opened


def choose(page: Page, **named: bytes) -> None:
    """Give files to the page; underscores in a name are dots."""
    page.evaluate(
        "() => { const v = document.getElementById('verdict'); v.textContent = ''; v.dataset.outcome = ''; }"
    )
    page.locator("#files").set_input_files(
        [
            {
                "name": name.replace("__", "-").replace("_", "."),
                "mimeType": "application/octet-stream",
                "buffer": content,
            }
            for name, content in named.items()
        ]
    )


def outcome(page: Page) -> str:
    expect(page.locator("#verdict")).to_have_attribute("data-outcome", re.compile("good|bad|unknown"))
    return str(page.locator("#verdict").get_attribute("data-outcome"))


def wrong(page: Page) -> list[str]:
    """Which parts the page says are wrong, by the first word of each sentence."""
    rows = page.locator("#findings li[data-holds=false]").all_inner_texts()
    return [row.removeprefix("Wrong:").strip().split(":")[0] for row in rows]


def changed(text: bytes, at: int) -> bytes:
    """The same with one byte changed into another one that looks as if it could stand there."""
    other = {ord("A"): "B", ord("0"): "1"}.get(text[at], "A" if chr(text[at]).isalpha() else "0")
    return text[:at] + other.encode() + text[at + 1 :]


def test_a_bundle_is_proved(page: Page, files: Files, assert_accessible: Callable[[Page], None]) -> None:
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "good"
    expect(page.get_by_role("status")).to_contain_text("Proved")
    expect(page.locator("#findings li[data-holds=true]")).to_have_count(5)
    expect(page.locator(".record")).to_have_count(2)
    expect(page.locator(".record").first).to_contain_text("on a web page")
    assert_accessible(page)


def test_a_proof_alone_is_proved_because_it_carries_its_entry(page: Page, files: Files) -> None:
    choose(page, one_tlog__proof=files.proof)

    assert outcome(page) == "good"


def test_a_proof_with_its_entry_is_proved(page: Page, files: Files) -> None:
    without = re.sub(rb"extra .*\n", b"", files.proof)
    choose(page, one_tlog__proof=without, one_entry_json=files.entry)

    assert outcome(page) == "good"


def test_a_proof_without_any_entry_asks_for_it(page: Page, files: Files) -> None:
    choose(page, one_tlog__proof=re.sub(rb"extra .*\n", b"", files.proof))

    assert outcome(page) == "bad"
    assert wrong(page) == ["Entry"]


def test_an_entry_without_a_proof_asks_for_it(page: Page, files: Files) -> None:
    choose(page, one_entry_json=files.entry)

    assert outcome(page) == "bad"
    assert wrong(page) == ["Proof"]


def test_a_changed_entry_beside_its_proof_is_named(page: Page, files: Files) -> None:
    choose(page, one_tlog__proof=files.proof, one_entry_json=files.entry.replace(b"given", b"gimen"))

    assert outcome(page) == "bad"
    assert set(wrong(page)) == {"Entry", "Inclusion"}
    expect(page.locator(".record h3")).to_contain_text("without proof")


PARTS = {
    "entry": (rb"novidades", {"Inclusion"}),
    "vkey": (rb'(?<="vkey": ")[^"]+', {"Key"}),
    "index": (rb"(?<=index )\d", {"Inclusion"}),
    "hash": (rb"(?<=index [56]\\n).", {"Inclusion", "Proof"}),
    "origin": (rb'(?<="checkpoint": ")[a-z0-9]', {"Checkpoint"}),
    "size": (rb"(?<=/log\\n)7(?=\\n)", {"Checkpoint"}),
    "first line": (rb"c2sp.org", {"File", "Proof"}),
    "format": (rb"optin-receipt", {"File"}),
    "name of a field": (rb'(?<=")checkpoint', {"File"}),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_byte_in_a_bundle_is_red_and_named(page: Page, files: Files, part: str) -> None:
    pattern, named = PARTS[part]
    found = re.search(pattern, files.bundle)
    assert found

    choose(page, receipt_proof_json=changed(files.bundle, found.start()))

    assert outcome(page) == "bad"
    assert set(wrong(page)) & named, wrong(page)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        (rb"(?<=\n\n)[a-z]", {"Signature"}),  # the log's name
        (rb"(?<=/log\n)\d", {"Signature", "Inclusion"}),  # its size
        (rb"(?<=/log\n\d\n)[A-Za-z0-9+/]", {"Signature", "Inclusion"}),  # its root
        (rb"(?<=\xe2\x80\x94 )[a-z]", {"Signature"}),  # who signed
        (rb"[A-Za-z0-9+/](?=[A-Za-z0-9+/]{20}=\n$)", {"Signature"}),  # the signature
        (rb"(?<=extra )[A-Za-z0-9]", {"Entry"}),  # the entry
    ],
)
def test_a_changed_byte_in_a_proof_is_red_and_named(
    page: Page, files: Files, pattern: bytes, named: set[str]
) -> None:
    found = re.search(pattern, files.proof)
    assert found

    choose(page, one_tlog__proof=changed(files.proof, found.start()))

    assert outcome(page) == "bad"
    assert set(wrong(page)) & named, wrong(page)


def test_every_byte_of_every_file_counts(page: Page, files: Files) -> None:
    """Each byte in turn becomes another one; the scripts judge all of them without the page."""
    green = page.evaluate(
        """async ({ bundle, proof, key }) => {
          const log = OptinLog;
          const trusted = await log.readKeys(key);
          const judge = async (text) => {
            try {
              const file = log.readFile("file", text);
              if (file.kind === "entry") return false;
              if (file.vkey && !trusted.some((each) => each.line === file.vkey)) return false;
              const pairs = file.records || [{ entry: file.proof.extra, proof: file.proof }];
              for (const pair of pairs) {
                if (file.checkpoint && pair.proof.checkpoint !== file.checkpoint) return false;
                const note = log.readNote(pair.proof.checkpoint);
                if (!(await log.checkSignature(note, trusted)).holds) return false;
                if (!pair.entry) return false;
                if (!(await log.checkInclusion(pair.entry, pair.proof, note)).holds) return false;
              }
              return true;
            } catch (trouble) {
              if (trouble instanceof log.Malformed) return false;
              throw trouble;
            }
          };
          const survived = [];
          for (const [name, text] of Object.entries({ bundle, proof })) {
            const bytes = new TextEncoder().encode(text);
            if (!(await judge(bytes))) survived.push(name + " itself is red");
            for (let at = 0; at < bytes.length; at++) {
              for (const bit of [1, 32]) {
                const other = bytes.slice();
                other[at] ^= bit;
                if (await judge(other)) survived.push(name + " " + at + " " + text.slice(at - 20, at + 5));
              }
            }
          }
          return survived;
        }""",
        {"bundle": files.bundle.decode(), "proof": files.proof.decode(), "key": files.key},
    )

    assert green == []


CLIMB = """async (cases) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const roots = [];
  for (const { leaf, index, size, hashes } of cases) {
    const root = await OptinLog.climb(bytes(leaf), { index, hashes: hashes.map(bytes) }, size);
    roots.push(root && btoa(String.fromCharCode(...root)));
  }
  return roots;
}"""


def text(hash_: bytes) -> str:
    return b64encode(hash_).decode()


def test_every_place_in_trees_of_every_shape_leads_to_the_root(page: Page) -> None:
    cases, roots = [], []
    for size in (*range(1, 34), 127, 128, 129):
        entries = [b"%d" % number for number in range(size)]
        for index, entry in enumerate(entries):
            hashes = [text(each) for each in rfc6962.path(index, entries)]
            cases.append({"leaf": text(rfc6962.mth([entry])), "index": index, "size": size, "hashes": hashes})
            roots.append(text(rfc6962.mth(entries)))

    assert page.evaluate(CLIMB, cases) == roots


@published.needed
def test_paths_that_others_published_as_right_or_wrong_are_judged_so(page: Page) -> None:
    known = published.read("merkle_inclusion_cases.json")["cases"]
    roots = page.evaluate(
        CLIMB,
        [
            {
                "leaf": case["leafHash"] or "",
                "index": case["leafIdx"],
                "size": case["treeSize"],
                "hashes": case["proof"] or [],
            }
            for case in known
        ],
    )

    for case, root in zip(known, roots, strict=True):
        assert (root is not None and root == case["root"]) is not case["wantErr"], case["_file"]


WITNESS = cosignature.Cosigner.from_seed("witness.example", b"w" * 32)
STRANGER = cosignature.Cosigner.from_seed("witness.example", b"s" * 32)
WHEN = 1_800_000_000


@pytest.fixture
def cosigned(files: Files) -> bytes:
    """Ana's bundle, with the cosignature of a witness below its checkpoint."""
    bundle = json.loads(files.bundle)
    text = bundle["checkpoint"].partition("\n\n")[0] + "\n"
    return with_line(files.bundle, WITNESS.cosign(text, time=WHEN))


def with_line(bundle: bytes, line: str) -> bytes:
    read = json.loads(bundle)
    signed = f"{read['checkpoint']}{line}\n"
    records = [
        record | {"proof": record["proof"].replace(read["checkpoint"], signed)} for record in read["records"]
    ]
    return json.dumps(read | {"checkpoint": signed, "records": records}, ensure_ascii=False).encode()


def bring(page: Page, witness: cosignature.Cosigner) -> None:
    page.locator("#witnesses").fill(str(witness.verifier))


def about_witnesses(page: Page) -> list[str]:
    return page.locator("#findings li[data-about=witness]").all_inner_texts()


def test_the_cosignature_of_a_witness_that_the_server_names_is_checked(
    browse: Browse, cosigned: bytes, settings: Any, assert_accessible: Callable[[Page], None]
) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} https://witness.example"]
    page = browse(width=PHONE)
    page.goto("/verify/")
    expect(page.locator("#witnesses")).to_have_value(str(WITNESS.verifier))

    choose(page, receipt_proof_json=cosigned)

    assert outcome(page) == "good"
    [said] = about_witnesses(page)
    assert (
        "witness.example, whose key this server gives, cosigned these 7 entries on January 15, 2027" in said
    )
    assert_accessible(page)


def test_a_witness_that_the_server_names_may_sign_later(page: Page, files: Files, settings: Any) -> None:
    settings.OPTIN_WITNESSES = [f"{WITNESS.verifier} https://witness.example"]
    page.reload()
    expect(page.locator("#witnesses")).to_have_value(str(WITNESS.verifier))
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "good"
    assert about_witnesses(page) == []


def test_a_witness_that_the_visitor_brought_must_have_signed(
    page: Page, files: Files, cosigned: bytes
) -> None:
    bring(page, WITNESS)
    choose(page, receipt_proof_json=cosigned)
    assert outcome(page) == "good"
    assert "whose key you brought" in about_witnesses(page)[0]

    choose(page, receipt_proof_json=files.bundle)
    assert outcome(page) == "unknown"
    assert "did not cosign" in about_witnesses(page)[0]

    bring(page, STRANGER)
    choose(page, receipt_proof_json=cosigned)
    assert outcome(page) == "unknown"


def test_every_byte_of_a_cosignature_counts(page: Page, files: Files) -> None:
    """Its time, its signature and what it signs; whoever has no key of the witness cannot tell."""
    text = json.loads(files.bundle)["checkpoint"].partition("\n\n")[0] + "\n"
    dash, name, blob = WITNESS.cosign(text, time=WHEN).split(" ")
    good = b64decode(blob)
    lines = []
    for place in range(4, len(good)):
        flipped = bytearray(good)
        flipped[place] ^= 1
        lines.append(f"{dash} {name} {b64encode(flipped).decode()}")
    judge = """async ([lines, note, keys]) => {
      const [witness] = await OptinLog.readWitnesses(keys);
      const says = [];
      for (const line of lines)
        says.push((await OptinLog.checkCosignature(OptinLog.readNote(note + line + "\\n"), witness)).says);
      return says;
    }"""
    note_ = json.loads(files.bundle)["checkpoint"]

    said = page.evaluate(judge, [[f"{dash} {name} {blob}", *lines], note_, str(WITNESS.verifier)])

    assert said == ["witness.good", *["witness.wrong"] * len(lines)]


def test_a_wrong_cosignature_is_red(page: Page, files: Files) -> None:
    bring(page, WITNESS)
    choose(
        page, receipt_proof_json=with_line(files.bundle, WITNESS.cosign("another.example/log\n", time=WHEN))
    )

    assert outcome(page) == "bad"
    assert wrong(page) == ["Witness"]


@pytest.mark.parametrize("key", ["nonsense", "of the log"])
def test_what_is_no_key_of_a_witness_is_named(page: Page, files: Files, key: str) -> None:
    page.locator("#witnesses").fill(files.key if key == "of the log" else key)
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "bad"
    assert wrong(page) == ["Key"]
    expect(page.locator("#findings")).to_contain_text("that of a witness")


def test_another_logs_key_does_not_do(page: Page, files: Files) -> None:
    page.locator("#key").fill(str(note.Signer.from_seed(settings.OPTIN_LOG_ORIGIN, bytes(32)).verifier))
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "bad"
    assert set(wrong(page)) == {"Key", "Signature"}


def test_a_bundle_that_somebody_else_signed_is_red(page: Page, files: Files) -> None:
    """A forger has a key of his own and names it in the file; the page does not take his word."""
    bundle = json.loads(files.bundle)
    forger = note.Signer.from_seed(settings.OPTIN_LOG_ORIGIN, b"f" * 32)
    signed = note.sign(bundle["checkpoint"].partition("\n\n")[0] + "\n", forger)
    for record in bundle["records"]:
        record["proof"] = record["proof"].replace(bundle["checkpoint"], signed)
    forged = json.dumps(bundle | {"checkpoint": signed, "vkey": str(forger.verifier)}).encode()

    choose(page, receipt_proof_json=forged)

    assert outcome(page) == "bad"
    assert set(wrong(page)) == {"Key", "Signature"}


@pytest.mark.parametrize("key", ["", "  \n "])
def test_without_a_key_nothing_is_said_to_hold(page: Page, files: Files, key: str) -> None:
    page.locator("#key").fill(key)
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "unknown"


@pytest.mark.parametrize(
    "key", ["nonsense", "a+12345678+AAAA", "name+00000000+" + b64encode(b"\1" * 33).decode()]
)
def test_a_damaged_key_is_named(page: Page, files: Files, key: str) -> None:
    page.locator("#key").fill(key)
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "bad"
    assert wrong(page) == ["Key"]


def test_a_key_the_visitor_brought_is_used_and_named(page: Page, files: Files) -> None:
    page.locator("#key").fill(f"{files.key}\n\n")
    page.locator("#key").fill("x")
    choose(page, receipt_proof_json=files.bundle)
    page.locator("#key").fill(
        f"{note.Signer.from_seed('another.example/log', bytes(32)).verifier}\n{files.key}"
    )
    page.get_by_role("button", name="Check").click()

    expect(page.locator("#verdict")).to_have_attribute("data-outcome", "good")
    expect(page.locator("#findings")).to_contain_text("that you brought")
    expect(page.locator("#key-hint")).to_contain_text("the key you brought")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"{}", b"[]", b"null", b"%PDF-1.7", b"<script>alert(1)</script>"]
)
def test_what_is_no_proof_is_said_to_be_none(page: Page, content: bytes) -> None:
    choose(page, holiday_jpg=content)

    assert outcome(page) == "bad"
    assert wrong(page) == ["File"]
    expect(page.locator("#findings")).to_contain_text("holiday.jpg")


def test_one_bad_file_among_good_ones_is_red(page: Page, files: Files) -> None:
    choose(page, receipt_proof_json=files.bundle, holiday_jpg=b"snow")

    assert outcome(page) == "bad"
    assert wrong(page) == ["File"]


def test_what_a_file_says_is_shown_as_text(page: Page, files: Files) -> None:
    evil = files.entry.replace(b'"purpose":"novidades"', b'"purpose":"<img src=x onerror=alert(1)>"')
    choose(page, one_tlog__proof=files.proof, one_entry_json=evil)

    assert outcome(page) == "bad"
    expect(page.locator(".record").first).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator(".record img").count() == 0


def test_it_works_without_the_network_once_it_is_open(page: Page, files: Files) -> None:
    page.context.set_offline(True)
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "good"


def test_it_asks_for_the_keys_and_for_nothing_else(browse: Browse, files: Files) -> None:
    page = browse()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {urlsplit(request.url).path}"))
    page.goto("/verify/")
    expect(page.locator("#key")).to_have_value(re.compile(r"\+"))
    page.wait_for_load_state("networkidle")
    opened = list(asked)

    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "good"
    assert [each for each in opened if "/static/" not in each] == [
        "GET /verify/",
        "GET /log/key",
        "GET /log/witnesses",
    ]
    assert asked == opened


def test_a_browser_that_cannot_check_says_so(browse: Browse, files: Files) -> None:
    page = browse()
    page.add_init_script(
        "SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'));"
    )
    page.goto("/verify/")
    choose(page, receipt_proof_json=files.bundle)

    assert outcome(page) == "unknown"
    expect(page.locator("#findings")).to_contain_text("this one cannot check Ed25519")


def test_a_server_that_does_not_answer_leaves_room_for_a_key(browse: Browse, files: Files) -> None:
    page = browse()
    page.add_init_script("window.fetch = () => Promise.reject(new TypeError('Failed to fetch'));")
    page.goto("/verify/")
    choose(page, receipt_proof_json=files.bundle)
    assert outcome(page) == "unknown"
    expect(page.locator("#key-hint")).to_contain_text("Paste it here")

    page.locator("#key").fill(files.key)
    page.get_by_role("button", name="Check").click()

    expect(page.locator("#verdict")).to_have_attribute("data-outcome", "good")


def test_files_can_be_dropped(page: Page, files: Files) -> None:
    dropped = page.evaluate_handle(
        """(text) => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([text], "receipt.proof.json"));
          return dropped;
        }""",
        files.bundle.decode(),
    )
    page.dispatch_event("#verify", "dragover", {"dataTransfer": dropped})
    page.dispatch_event("#verify", "drop", {"dataTransfer": dropped})

    assert outcome(page) == "good"


def test_it_is_done_with_the_keyboard_alone(page: Page, files: Files, tmp_path: Path) -> None:
    saved = tmp_path / "receipt.proof.json"
    saved.write_bytes(files.bundle)
    files_field = page.locator("#files")
    with contextlib.suppress(
        PlaywrightTimeout
    ):  # a busy browser now and then opens no chooser for a first key
        with page.expect_file_chooser(timeout=10_000) as chooser:
            files_field.press("Space")
        chooser.value.set_files(saved)
    if not files_field.evaluate("field => field.files.length"):
        with page.expect_file_chooser() as chooser:
            files_field.press("Enter")
        chooser.value.set_files(saved)
    assert outcome(page) == "good"
    page.keyboard.press("Tab")
    expect(page.locator("#key")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#witnesses")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Enter")

    assert outcome(page) == "good"


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
def test_every_language_and_width_is_accessible(
    browse: Browse, files: Files, assert_accessible: Callable[[Page], None], width: int, language: str
) -> None:
    page = browse(width=width, locale=language)
    page.goto("/verify/")
    assert_accessible(page)
    choose(page, receipt_proof_json=files.bundle.replace(b"given", b"gimen", 1))
    assert outcome(page) == "bad"
    page.locator("summary").last.click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_javascript_it_gives_the_commands(browse: Browse) -> None:
    page = browse(javascript=False, locale="es")
    page.goto("/verify/")

    expect(page.locator("#verify")).to_be_hidden()
    expect(page.get_by_text("openssl pkeyutl -verify")).to_have_count(1)
    page.locator("summary").click()
    expect(page.get_by_text("openssl pkeyutl -verify")).to_be_visible()


def test_a_person_goes_from_the_receipt_to_its_proof(browse: Browse, aurora: Sample, tmp_path: Path) -> None:
    """What a person does: opens the receipt, downloads the proof, checks it."""
    found = acts.say_among_others(aurora)
    page = browse()
    page.goto(found.address)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Proof, all in one file|Prova, tudo em um arquivo")).click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    page.locator('a[href="/verify/"]').click()
    page.locator("#files").set_input_files(saved)

    # Until the key has come the page says that it cannot tell.
    expect(page.locator("#verdict")).to_have_attribute("data-outcome", "good")
