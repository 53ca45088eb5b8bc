"""Lists in every shape people bring: rows are read, or the file is refused in words; nothing of it is believed."""

import io
import json
import os
import resource
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date, datetime
from typing import Any

import pytest

from consent.errors import BadInput
from consent.imports import directory, lines, reading, turns
from consent.imports import spreadsheet as spreadsheets
from consent.imports.reading import Table
from tests.imports.lists import spreadsheet

DECLARED = '<?xml version="1.0"?>'
ENTITY = f'{DECLARED}<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
LAUGHS = f'{DECLARED}<!DOCTYPE x [<!ENTITY a "{"l" * 100}"><!ENTITY b "{"&a;" * 100}">]><x>{"&b;" * 100}</x>'


JOAO = "Nome;Observação\nJoão;“à tarde” – € 5\n"


def read(content: bytes, *, said: str = "", may_propose: bool = False) -> Table:
    return reading.read(io.BytesIO(content), size=len(content), said=said, may_propose=may_propose)


def rows(content: bytes) -> list[Any]:
    return list(read(content).rows)


def refused(content: bytes) -> str:
    with pytest.raises(BadInput) as error:
        rows(content)
    assert error.value.message
    return error.value.code


def changed(book: bytes, **parts: str) -> bytes:
    """A spreadsheet with some of its parts written anew."""
    into = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as before,
        zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            key = name.rpartition("/")[2].partition(".")[0]
            after.writestr(name, parts.get(key) or before.read(name))
    return into.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_separates_it(separator: str) -> None:
    text = f'\ufeffname{separator}phone\n"Ana{separator} B"{separator}1\n\n{separator}\nC{separator}2\n'
    table = read(text.encode())
    assert table.headings == ["name", "phone"]
    assert list(table.rows) == [(2, [f"Ana{separator} B", "1"]), (5, ["C", "2"])]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("said", ["", "its own"])
def test_text_with_a_mark_is_read_by_it(mark: str, said: str) -> None:
    marked = JOAO.encode(mark) if mark == "utf-8-sig" else ("\ufeff" + JOAO).encode(mark)
    table = read(marked, said=mark[:6].rstrip("-s") if said else "")
    assert (table.headings, list(table.rows), table.proposed) == (
        ["Nome", "Observação"], [(2, ["João", "“à tarde” – € 5"])], "",
    )  # fmt: skip
    lines = ("\ufeff" + '{"nome": "João"}\n').encode(mark.replace("-sig", ""))
    assert rows(lines) == [(1, ["João"])]


def test_windows_1252_is_read_where_it_is_said_and_only_proposed_where_somebody_is_asked() -> None:
    old = JOAO.encode("cp1252")
    expected = (["Nome", "Observação"], [(2, ["João", "“à tarde” – € 5"])])
    assert refused(old) == "file.encoding"
    table = read(old, said="windows-1252")
    assert ((table.headings, list(table.rows)), table.proposed) == (expected, "")
    table = read(old, may_propose=True)
    assert ((table.headings, list(table.rows)), table.proposed) == (expected, "windows-1252")
    for clear in (JOAO.encode(), JOAO.encode("utf-16")):
        assert read(clear, may_propose=True).proposed == ""
    cut = "Nome\nJoão".encode()[:-2]  # ends within a letter
    assert read(cut, may_propose=True).proposed == "windows-1252"


@pytest.mark.parametrize(
    ("content", "said", "line"),
    [
        (JOAO.encode(), "utf-16", 1), (JOAO.encode("utf-16"), "utf-8", 1), (JOAO.encode("utf-16"), "windows-1252", 1),
        (JOAO.encode("utf-8-sig"), "windows-1252", 1), (JOAO.encode("cp1252"), "utf-8", 1),
        (b"a;b\n" * 40_000 + b"x;\x81\n", "windows-1252", 40_001), (b"a;b\n1;\x8d\n", "windows-1252", 2),
        (("\ufeff" + "a;b\n" * 40_000).encode("utf-16-be") + b"\xd8\x00\x00\x31", "", 40_001),
    ],
)  # fmt: skip
def test_text_that_is_not_what_was_said_is_refused_with_its_line(
    content: bytes, said: str, line: int
) -> None:
    with pytest.raises(BadInput) as error:
        list(read(content, said=said).rows)
    assert error.value.code == "file.encoding"
    assert f"Line {line} " in error.value.message


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_titles_above_the_headings_are_none(separator: str) -> None:
    text = f"Clientes da loja\n\nem 2024{separator}\nNome{separator}Fone\nAna{separator}11987654321\n"
    assert (read(text.encode()).headings, rows(text.encode())) == (
        ["Nome", "Fone"],
        [(5, ["Ana", "11987654321"])],
    )
    book = spreadsheet(["Clientes", None], [None, None], ["Nome", "Fone"], ["Ana", 11987654321])
    assert (read(book).headings, rows(book)) == (["Nome", "Fone"], [(4, ["Ana", "11987654321"])])


def test_only_titles_are_left_out() -> None:
    assert rows(b"Fone\n11987654321;Ana\n") == [(2, ["11987654321", "Ana"])], "data below is no heading"
    assert rows(b"Fone\n1\n2\n") == [(2, ["1"]), (3, ["2"])]
    titles = "".join(f"title {number}\n" for number in range(11))
    assert read(f"{titles}Nome;Fone\n".encode()).headings == ["title 0"], "so many are a list"


def test_excel_may_say_what_separates_the_cells() -> None:
    table = read(b"sep=;\r\nNome, todo;Fone\r\nAna, B, C;1\r\n")
    assert (table.headings, list(table.rows)) == (["Nome, todo", "Fone"], [(3, ["Ana, B, C", "1"])])


def test_a_file_without_headings_has_numbered_columns() -> None:
    table = read(b"Ana,(11) 98765-4321\nB,2\n")
    assert table.headings == ["1", "2"]
    assert len(list(table.rows)) == 2


def test_json_lines_are_a_table_as_well() -> None:
    lines = [
        {"phone": "1", "ok": True, "n": 55.0, "none": None},
        {"phone": 2},
        "[1]",
        {"phone": {"a": 1}},
        "{broken",
        "9" * 5000,
    ]
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
    table = read(content)
    assert table.headings == ["phone", "ok", "n", "none"]
    assert list(table.rows) == [
        (1, ["1", "true", "55", ""]), (2, ["2", "", "", ""]), (3, "row.malformed"), (4, "row.malformed"),
        (5, "row.malformed"), (6, "row.malformed"),
    ]  # fmt: skip
    assert rows(b'{"a": "\\u0000", "b": "\\ud800"}\n') == [(1, "row.bad_character")]
    assert rows(b'{"a": 1}\n{"a": "' + b"x" * 250_000 + b'"}\n') == [(1, ["1"]), (2, "row.too_long")]
    assert refused(b'{"optin_export": 1}\n') == "file.no_rows"


def test_a_spreadsheet_gives_values_alone() -> None:
    book = spreadsheet(
        ["Tel", "Data", "Hora", "Nota"],
        [
            5511987654321,
            datetime.fromisoformat("2024-03-15"),
            datetime.fromisoformat("2024-03-15 09:30"),
            "=1+1",
        ],
        [None, None, None, None],
        ["x", date(2024, 3, 16), 1.5, True],
    )
    assert rows(book) == [
        (2, ["5511987654321", "2024-03-15", "2024-03-15T09:30:00", ""]), (4, ["x", "2024-03-16", "1.5", "true"]),
    ]  # fmt: skip


def test_macros_are_left_where_they_are() -> None:
    book = io.BytesIO(spreadsheet(["Tel"], ["11987654321"]))
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub Auto_Open()")
    assert rows(book.getvalue()) == [(2, ["11987654321"])]


@pytest.mark.parametrize("part", ["workbook", "sheet1"])
@pytest.mark.parametrize("content", [ENTITY, LAUGHS, "no xml"])
def test_a_spreadsheet_with_a_trap_in_it_is_refused(part: str, content: str) -> None:
    assert refused(changed(spreadsheet(["a"], ["b"]), **{part: content})) == "file.malformed"


def test_a_spreadsheet_is_not_believed_how_large_it_is() -> None:
    said = '<dimension ref="A1:XFD1048576"/><sheetData>'
    sheet = f'{DECLARED}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{said}'
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>tel</t></is></c></row><row r="2"><c r="A2"><v>7</v></c></row>'
    assert rows(changed(spreadsheet(["a"]), sheet1=f"{sheet}{row}</sheetData></worksheet>")) == [(2, ["7"])]
    wide = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'
    book = changed(spreadsheet(["a"]), sheet1=f"{sheet}{wide}</sheetData></worksheet>")
    assert refused(book) == "file.too_many_columns"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"), (b" \r\n", "file.empty"), (b"a,b\n", "file.no_rows"), (b"%PDF-1.7", "file.type"),
        (b"\xd0\xcf\x11\xe0old xls", "file.type"), (b"<html>", "file.type"), (b"MZ\x90", "file.type"),
        (b"\x1f\x8b gzip", "file.type"), ("a,b\n1,2\n".encode("utf-16-le"), "file.encoding"),
        (b"a,b\n\xe3,1\n", "file.encoding"),
        (b"PK\x03\x04", "file.malformed"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(content: bytes, code: str) -> None:
    assert refused(content) == code


def sheet(*rows: str) -> bytes:
    """A spreadsheet whose rows are written as they are given, with random bytes beside them that no zip makes small."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    named = '<row><c t="inlineStr"><is><t>tel</t></is></c></row>'
    body = f"<worksheet {space}><sheetData>{named}{''.join(rows)}</sheetData></worksheet>"
    into = io.BytesIO(changed(spreadsheet(["a"]), sheet1=DECLARED + body))
    with zipfile.ZipFile(into, "a") as archive:
        archive.writestr("beside", os.urandom(len(body) // 150))
    return into.getvalue()


@pytest.mark.parametrize("row", [99_999_999_999_999, spreadsheets.LAST_ROW + 1])
def test_a_row_that_no_spreadsheet_has_ends_the_reading(row: int) -> None:
    cells = '<row r="{}"><c><v>7</v></c></row>'
    assert refused(sheet(cells.format(2), cells.format(row))) == "file.too_many_rows"
    assert rows(sheet(cells.format(spreadsheets.LAST_ROW))) == [(spreadsheets.LAST_ROW, ["7"])]


def test_a_spreadsheet_that_needs_more_memory_than_any_list_is_refused_and_takes_none_of_ours() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(spreadsheets.Ended) as ended:
        list(spreadsheets.rows(io.BytesIO(sheet("<row>" + "<c/>" * 600_000 + "</row>")), memory=250_000_000))
    assert ended.value.why == spreadsheets.TOO_MUCH
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000, "KB"


def test_a_spreadsheet_that_takes_longer_than_any_list_is_refused() -> None:
    with pytest.raises(spreadsheets.Ended) as ended:
        list(spreadsheets.rows(io.BytesIO(sheet('<row r="2"/>' * 2_000_000)), seconds=1))
    assert ended.value.why == spreadsheets.TOO_MUCH


def test_text_has_an_end_however_empty_its_lines_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 20)
    assert refused(b"a,b\n1,2\n" + b"\n" * 19) == "file.too_many_rows"
    assert refused(b'{"phone": "1"}\n' + b"\n" * 20) == "file.too_many_rows"
    assert rows(b"a,b\n1,2\n" + b"\n" * 18) == [(2, ["1", "2"])]


def test_reading_that_nobody_goes_on_with_leaves_no_process() -> None:
    many = spreadsheets.rows(io.BytesIO(spreadsheet(*([number] for number in range(50_000)))))
    assert next(many) == (1, ["0"])
    many.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_one_spreadsheet_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take two gigabytes: a few at once would be the end of the machine."""
    monkeypatch.setattr(turns, "PATIENCE", 0.0)
    many = spreadsheet(["Tel"], *([f"1198765{number:04}"] for number in range(1000)))
    being_read = read(many).rows
    assert next(being_read) == (2, ["11987650000"])

    assert refused(many) == "file.busy"
    assert rows(b"Tel,Nome\n11987654321,Ana\n") == [(2, ["11987654321", "Ana"])]
    assert len([*being_read]) == 999
    assert len(rows(many)) == 1000


def test_whoever_waits_for_another_spreadsheet_has_a_turn_after_it() -> None:
    many = spreadsheet(["Tel"], *([f"1198765{number:04}"] for number in range(1000)))
    being_read = read(many).rows
    assert next(being_read)
    with ThreadPoolExecutor() as others:
        waiting = others.submit(rows, many)
        assert not wait([waiting], timeout=1).done
        assert len([*being_read]) == 999
        assert len(waiting.result(timeout=turns.PATIENCE)) == 1000


def zip_of_nothing(entries: int) -> bytes:
    """A zip whose directory names the same byte so many times."""
    one = b"PK\1\2" + bytes(24) + b"\1" + bytes(17) + b"a"
    size = struct.pack("<L", entries * len(one))
    return b"PK\3\4" + one * entries + b"PK\5\6" + bytes(8) + size + bytes(6)


def test_a_zip_with_a_directory_that_no_list_needs_is_not_opened() -> None:
    with pytest.raises(zipfile.BadZipFile):
        directory.check(io.BytesIO(zip_of_nothing(200_000)))
    assert refused(zip_of_nothing(200_000)) == "file.malformed"
    directory.check(io.BytesIO(zip_of_nothing(100_000)))


def test_a_zip_that_is_no_spreadsheet_is_refused() -> None:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("list.csv", "a,b")
    assert refused(into.getvalue()) == "file.type"


def test_cells_that_would_swallow_the_rows_below_are_told() -> None:
    below = b"".join(b"b,%d\n" % number for number in range(40_000))
    [(number, verdict), *_rest] = rows(b'name,phone\n"an open quote,1\n' + below)
    assert (number, verdict) == (2, "row.too_long")
    assert rows(b"a,b\n" + b"x" * 450_000 + b",1\n\nc,2\n") == [(2, "row.too_long"), (4, ["c", "2"])]
