"""Every measured promise in one table: `python -m bench`, or `--quick` for a look."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import figures

MEASURES = ("capture", "capture_sqlite", "decision", "sequencing", "growth", "verify")


def main() -> int:
    failed = []
    with tempfile.NamedTemporaryFile("r", suffix=".jsonl") as collected:
        for measure in MEASURES:
            figures.say(f"== {measure}")
            command = [sys.executable, "-m", f"bench.{measure}", *sys.argv[1:]]
            done = subprocess.run(
                command,
                env=os.environ | {"BENCH_COLLECT": collected.name},
                stdout=subprocess.DEVNULL,
                check=False,
            )
            if done.returncode:
                failed.append(measure)
        lines = Path(collected.name).read_text().splitlines()
    promises = [figures.Promise(**json.loads(line)) for line in lines]
    print(figures.table(promises))
    print("\nmedians of interleaved rounds; closed loop, load generator on the same machine")
    for measure in failed:
        print(f"{measure} did not come to an end: run python -m bench.{measure} alone")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
