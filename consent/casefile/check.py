#!/usr/bin/env python3
"""Check this case file: python3 check.py [VKEY]. It needs nothing but Python 3.9 or newer, and no network.

Pass the log's verifier key, if you have it from elsewhere, and it is compared with the one in log.vkey; without it
you believe that file. Every check is printed; the exit code is 0 only where all of them hold.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import pathlib
import re
import sys

MANIFEST = "manifest.txt"
FIRST_LINE = "Optin case file v1"
here = pathlib.Path(__file__).resolve().parent
failures: list[str] = []
Point = tuple[int, int, int, int]
Key = tuple[str, bytes, bytes]


def say(good: bool, what: str) -> bool:
    """Print one check; keep count of what does not hold."""
    print(("ok    " if good else "WRONG ") + what, flush=True)
    if not good:
        failures.append(what)
    return good


# Ed25519 (RFC 8032), verification only. Slow, and short enough to be read.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> int | None:
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def add(a: Point, b: Point) -> Point:
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    p, q, r, s = f - e, h - g, h + g, f + e
    return p * q % P, r * s % P, q * r % P, p * s % P


def multiply(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def decompress(data: bytes) -> Point | None:
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    point, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if point is None or r is None or s >= L or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return same(multiply(s, BASE), add(r, multiply(h, point)))


# Signed notes and verifier keys (C2SP signed-note)


def read_vkey(text: str) -> Key:
    name, number, key = text.strip().split("+", 2)
    raw = base64.b64decode(key, validate=True)
    if (
        hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != number
        or raw[0] != 1
        or len(raw) != 33
    ):
        raise ValueError("the id of the key is not that of its name and bytes")
    return name, raw[1:], bytes.fromhex(number)


def open_note(text: str, vkey: Key) -> str | None:
    """The text of a note that the key signed, else None."""
    name, key, number = vkey
    body, blank, lines = text.rpartition("\n\n")
    body += "\n"
    for line in lines.splitlines() if blank else []:
        match = re.fullmatch("\u2014 (\\S+) ([A-Za-z0-9+/=]+)", line)
        if match and match[1] == name:
            try:
                blob = base64.b64decode(match[2], validate=True)
            except ValueError:
                continue
            if blob[:4] == number and is_signed(key, body.encode(), blob[4:]):
                return body
    return None


# The tree (RFC 9162 2.1.3.2)


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    if index >= size:
        return False
    at, last, current = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            current = hashlib.sha256(b"\x01" + step + current).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            current = hashlib.sha256(b"\x01" + current + step).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and current == root


def read_proof(text: str) -> tuple[int, list[bytes], str]:
    head, _blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise ValueError("this is no proof")
    lines = [line for line in lines[1:] if not line.startswith("extra ")]
    return (
        int(lines[0].partition("index ")[2]),
        [base64.b64decode(line, validate=True) for line in lines[1:]],
        note,
    )


def check_itself() -> None:
    """A changed script says so first, and apart from the rest, of which one changed letter may have made nonsense."""
    own = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    manifest = here / "manifest.txt"
    if manifest.is_file() and f"{own}  check.py\n".encode() not in manifest.read_bytes():
        say(False, "check.py is not the one that was written")


def check_manifest(vkey: Key) -> None:
    """Every file is as it was when the case file was made, and none is missing or added."""
    try:
        body = open_note((here / MANIFEST).read_bytes().decode(), vkey)
    except (OSError, UnicodeDecodeError):
        body = None
    good = body is not None and body.startswith(FIRST_LINE)
    say(good, f"{MANIFEST} is signed by the key in log.vkey")
    if body is None or not good:
        return
    listed = {}
    for line in body.splitlines()[1:]:
        digest, _space, name = line.partition("  ")
        listed[name] = digest
    there = {str(path.relative_to(here)).replace("\\", "/") for path in here.rglob("*") if path.is_file()}
    there = {name for name in there if name != MANIFEST and "__pycache__" not in name}
    for name in sorted(listed):
        path = here / name
        good = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == listed[name]
        say(good, f"{name} is as it was written")
    for name in sorted(there - set(listed)):
        say(False, f"{name} does not belong to this case file")


def check_record(path: pathlib.Path, vkey: Key) -> None:
    """The entry of one record is in the log that the key signed, and its notice and evidence are those in here."""
    name = path.name[: -len(".tlog-proof")]
    try:
        entry = (path.parent / f"{name}.entry.json").read_bytes()
        index, proof, note = read_proof(path.read_bytes().decode())
        body = open_note(note, vkey)
        size, root = (int(body.split("\n")[1]), base64.b64decode(body.split("\n")[2])) if body else (0, b"")
        leaf = hashlib.sha256(b"\x00" + entry).digest()
        good = (
            body is not None and body.split("\n")[0] == vkey[0] and included(leaf, index, size, proof, root)
        )
        say(good, f"records/{name}: entry {index} of the signed log")
        said = json.loads(entry)
    except Exception as error:
        say(False, f"records/{name}: cannot be read ({error})")
        return
    evidence = here / "evidence" / f"{said['act']}.json" if "act" in said else None
    if evidence is not None and evidence.is_file():
        salt = bytes.fromhex((evidence.parent / f"{said['act']}.salt").read_text().strip())
        sealed = hmac.new(salt, evidence.read_bytes(), hashlib.sha256).hexdigest()
        say(sealed == said["evidence"], f"records/{name}: its evidence is the one committed to")
    if "notice" in said:
        notice = here / "notices" / f"{said['notice']}.json"
        good = notice.is_file() and hashlib.sha256(notice.read_bytes()).hexdigest() == said["notice"]
        say(good, f"records/{name}: its notice is the one it names")


def main() -> int:
    """Check everything. The call below has no condition: with one letter changed it would do nothing, silently."""
    check_itself()
    try:
        text = (here / "log.vkey").read_text()
        vkey = read_vkey(text)
    except Exception as error:
        say(False, f"log.vkey cannot be read ({error})")
    else:
        if len(sys.argv) > 1:
            say(sys.argv[1].strip() == text.strip(), "log.vkey is the key you brought")
        check_manifest(vkey)
        for path in sorted((here / "records").glob("*.tlog-proof")):
            check_record(path, vkey)
    print()
    print(
        "Everything holds."
        if not failures
        else f"{len(failures)} checks do not hold; this case file was changed."
    )
    return 1 if failures else 0


sys.exit(main())
