"""Every measured promise in one table: `python -m bench`, or `--quick` for a look."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import figures

MEASURES = [
    "decision", "capture", "capture_sqlite", "sequencing", "growth", "verify", "proof", "webhooks", "paper", "lists",
    "telling", "audience", "stream", "app_capture", "health",
]  # fmt: skip


def main() -> int:
    begun = time.monotonic()
    failed = []
    with tempfile.NamedTemporaryFile("w+", suffix=".jsonl") as collected:
        for measure in MEASURES:
            print(f"\n== {measure}", flush=True)
            command = [sys.executable, "-m", f"bench.{measure}", *sys.argv[1:]]
            if subprocess.run(
                command, env=os.environ | {"BENCH_COLLECT": collected.name}, check=False
            ).returncode:
                failed.append(measure)
        lines = Path(collected.name).read_text().splitlines()
    promises = [figures.Promise(**json.loads(line)) for line in lines]
    print(f"\n== everything, in {(time.monotonic() - begun) / 60:.0f} minutes\n\n{figures.table(promises)}")
    if failed:
        print(f"\nDID NOT RUN: {', '.join(failed)}")
    return 1 if failed or not all(promise.is_kept for promise in promises) else 0


if __name__ == "__main__":
    sys.exit(main())
