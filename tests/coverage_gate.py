"""Judges the branch coverage of both runs together: all of what must never be wrong, 95 % of the rest."""

import json
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

BUILD = Path(__file__).resolve().parent.parent / "build"
RUNS = ["coverage.sqlite", "coverage.postgres"]
COMPLETE = [
    "consent/recording/*",
    "consent/decision/*",
    "consent/history.py",
    "consent/prepared.py",
    "consent/log/*",
    "consent/vault.py",
    "consent/providers/twilio.py",
    "consent/capture/ivr/parties.py",
    "consent/providers/kept.py",
    "consent/relay/signing.py",
    "consent/providers/meta.py",
    "consent/providers/meta_numbers.py",
]
REST = 95.0


def main() -> int:
    missing = [run for run in RUNS if not (BUILD / run).exists()]
    if missing:
        print(f"Coverage is not judged: {', '.join(missing)} did not run here.")
        return 1 if os.environ.get("CI") else 0
    files = _combined()
    strict = {
        name: file for name, file in files.items() if any(fnmatch(name, pattern) for pattern in COMPLETE)
    }
    rest = {name: file for name, file in files.items() if name not in strict}
    holes = {name: file for name, file in strict.items() if _share([file]) < 100}
    share = _share(list(rest.values()))
    for name, file in sorted(holes.items()):
        print(f"  {name}: {_share([file]):.1f} % of branches, not {_where(file)}")
    if share < REST:
        for name, file in sorted(rest.items(), key=lambda item: -_missed(item[1]))[:15]:
            print(f"  {name}: {_share([file]):.1f} %, not {_where(file)}")
    whole = len(strict) - len(holes)
    print(f"Coverage: {whole} of {len(strict)} files that must be complete are; {share:.1f} % of the rest.")
    return 1 if holes or share < REST else 0


def _combined() -> dict[str, dict[str, Any]]:
    environment = os.environ | {"COVERAGE_FILE": str(BUILD / "coverage.all")}
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run(
        [*coverage, "combine", "--quiet", "--keep", *(str(BUILD / run) for run in RUNS)],
        env=environment,
        check=True,
    )
    report = BUILD / "coverage.json"
    subprocess.run([*coverage, "json", "--quiet", "-o", str(report)], env=environment, check=True)
    files: dict[str, dict[str, Any]] = json.loads(report.read_text())["files"]
    return files


def _share(files: list[dict[str, Any]]) -> float:
    """Lines and branches that were taken, in per cent of all there are."""
    every = sum(file["summary"]["num_statements"] + file["summary"]["num_branches"] for file in files)
    return 100.0 * (every - sum(_missed(file) for file in files)) / every if every else 100.0


def _missed(file: dict[str, Any]) -> int:
    return int(file["summary"]["missing_lines"] + file["summary"]["missing_branches"])


def _where(file: dict[str, Any]) -> str:
    lines = [str(line) for line in file["missing_lines"]]
    branches = [f"{start}->{end if end > 0 else 'end'}" for start, end in file["missing_branches"]]
    return ", ".join([*lines, *branches][:20])


if __name__ == "__main__":
    sys.exit(main())
