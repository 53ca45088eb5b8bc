"""What the reading process brings to every page: all it needs is loaded before the first fork."""

import subprocess
import sys
from io import BytesIO

import pillow_heif
import pypdfium2
import pytest

from consent.capture.paper import reading
from tests import papers

# Reads the file that comes in, and says what had to be loaded for it.
LOADED = """
import sys
from consent.paper import child, decoding, page
before = set(sys.modules)
readings = page.read(decoding.opened(sys.stdin.buffer.read()), 0)
assert readings[0].boxes, readings[0].reason
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF", "PDF"])
def test_no_page_loads_what_its_process_could_have_loaded_once(kind: str) -> None:
    content = papers.sheets()
    if kind != "PDF":
        pillow_heif.register_heif_opener()
        out = BytesIO()
        with pypdfium2.PdfDocument(content) as document:
            document[0].render(scale=2).to_pil().convert("L").save(out, kind)
        content = out.getvalue()

    said = subprocess.run(
        [sys.executable, "-c", LOADED], input=content, capture_output=True, cwd=reading.ROOT, check=True
    )

    assert said.stdout.decode().split() == []
