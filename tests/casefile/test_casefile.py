"""The case file checks itself with nothing but Python, and any changed byte in it shows."""

import io
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pypdfium2
import pytest
from django.utils import timezone

from consent import casefile, erasure
from consent.log import published, tree
from consent.recording import File
from consent.sample import Sample
from tests import cast


@pytest.fixture
def unpacked(aurora: Sample, tmp_path: Path) -> Path:
    """Ana's case file in an empty folder: a yes with a scan, a stop, and Bruno in the log beside her."""
    scan = File(name="scan.txt", media_type="text/plain", content=b"signed by Ana")
    subject = cast.recording.record(cast.event(aurora, files=(scan,))).subject
    cast.says(aurora, cast.BRUNO)
    cast.stops(aurora)
    tree.sequence()
    built = casefile.build(subject, company=aurora.company, language="es", at=timezone.now())
    zipfile.ZipFile(io.BytesIO(built)).extractall(tmp_path)
    return tmp_path / "case"


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the case file's own script with no site packages, no environment and nothing of ours in reach."""
    command = [sys.executable, "-I", "-S", "check.py", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={}, check=False, timeout=300
    )


def test_every_check_of_an_untouched_file_holds(unpacked: Path) -> None:
    done = check(unpacked, str(published.signing_key().verifier))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert "Everything holds." in done.stdout
    assert done.stdout.count("of the signed log") == 2
    assert done.stdout.count("its evidence is the one committed to") == 2
    assert "its notice is the one it names" in done.stdout
    assert "log.vkey is the key you brought" in done.stdout


def test_it_holds_everything_about_the_person_and_nobody_else(unpacked: Path) -> None:
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert {"cover.pdf", "check.py", "log.vkey", "checkpoint.txt", "manifest.txt"} <= names
    assert [name for name in names if name.endswith("scan.txt")]
    content = b"".join(path.read_bytes() for path in unpacked.rglob("*") if path.is_file())
    assert cast.ANA.value.encode() in content
    assert cast.BRUNO.value.encode() not in content


def test_what_was_shown_can_be_looked_at(aurora: Sample) -> None:
    asked = cast.asks(aurora)
    cast.writes(aurora, "SIM <b>")
    pages = {
        name: content.decode()
        for name, content in casefile._files(
            asked.subject, company=aurora.company, language="es", at=timezone.now()
        )
        if name.startswith("looks/")
    }

    assert "Café Aurora" in pages[f"looks/{asked.act}.html"]
    assert "Tal como se mostró" in pages[f"looks/{asked.act}.html"]


@pytest.mark.parametrize("seed", range(3))
def test_a_changed_byte_in_any_file_shows_and_names_the_file(
    unpacked: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for path in sorted(unpacked.rglob("*")):
        if path.is_dir() or path.name == "check.py":
            continue
        original = path.read_bytes()
        changed = bytearray(original)
        place = chance.randrange(len(changed))
        changed[place] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        done = check(unpacked)
        path.write_bytes(original)
        assert done.returncode != 0, f"byte {place} of {path.name}"
        wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG")]
        assert [line for line in wrong if path.name.split(".")[0] in line or "log.vkey" in line], (
            path,
            wrong,
        )


def test_a_changed_script_names_itself(unpacked: Path) -> None:
    script = unpacked / "check.py"
    script.write_text(script.read_text().replace("Slow, and short", "Slow, and sh0rt"))

    said = check(unpacked).stdout

    assert said.startswith("WRONG check.py is not the one that was written")
    assert "WRONG check.py is as it was written" in said


def test_a_script_changed_where_it_hurts_is_red_and_names_itself(unpacked: Path) -> None:
    """OPTIN_EXHAUSTIVE=1 tries every byte (half an hour)."""
    script = unpacked / "check.py"
    content = script.read_bytes()
    places = [b'MANIFEST = "m', b"== listed[", b"return 1", b"failures.ap", b"x2 = (", b"sys.exit(m"]
    chosen = [content.index(place) + len(place) - 1 for place in places]
    for at in range(len(content)) if os.environ.get("OPTIN_EXHAUSTIVE") else chosen:
        script.write_bytes(content[:at] + bytes([content[at] ^ 1 << at % 7]) + content[at + 1 :])
        done = check(unpacked)
        assert done.returncode != 0 or "WRONG" in done.stdout, at
        assert "check.py" in done.stdout + done.stderr, at


def test_a_file_too_many_and_a_file_too_few_show(unpacked: Path) -> None:
    (unpacked / "extra.txt").write_text("x")
    shutil.rmtree(unpacked / "notices")
    done = check(unpacked)

    assert "WRONG extra.txt does not belong to this case file" in done.stdout
    assert "WRONG notices/" in done.stdout


def test_the_key_of_somebody_else_does_not_match(unpacked: Path) -> None:
    done = check(unpacked, "elsewhere.example+00000000+AAAA")

    assert done.returncode == 1
    assert "WRONG log.vkey is the key you brought" in done.stdout


def test_the_cover_speaks_the_readers_language_and_says_where_the_person_stands(unpacked: Path) -> None:
    document = pypdfium2.PdfDocument((unpacked / "cover.pdf").read_bytes())
    text = "\n".join(document[number].get_textpage().get_text_range() for number in range(len(document)))
    document.close()

    assert "Café Aurora" in text
    assert cast.ANA.value in text
    assert "retirado por la persona" in text


def test_an_erased_person_leaves_a_case_file_with_a_certificate(aurora: Sample, tmp_path: Path) -> None:
    subject = cast.says(aurora).subject
    done = erasure.erase(subject, company=aurora.company, entity="subject")
    tree.sequence()
    built = casefile.build(subject, company=aurora.company, language="en", at=timezone.now())
    zipfile.ZipFile(io.BytesIO(built)).extractall(tmp_path)

    folder = tmp_path / "case"
    assert (folder / f"records/{done.entry}.tlog-proof").is_file()
    assert '"type":"erased"' in (folder / f"records/{done.entry}.entry.json").read_text()
    assert not (folder / "evidence").exists()
    assert check(folder).returncode == 0
    document = pypdfium2.PdfDocument((folder / "cover.pdf").read_bytes())
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "erased" in text.partition("Where the person stands now")[2]
