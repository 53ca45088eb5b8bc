"""Figures and the promises they are held to: medians of interleaved rounds, printed with both sides of every ratio."""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import load

QUIET = 0.12  # foreign load above this spoils a round


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the table: a ratio, what it is made of, and what was promised."""

    what: str
    ratio: float
    ours: str
    theirs: str
    goal: float
    at_least: bool  # or at most
    note: str = ""

    @property
    def is_kept(self) -> bool:
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal


def arguments(what: str, **options: int) -> argparse.Namespace:
    """The command line every measure has: --quick, --rounds, --seconds, and its own numbers."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--quick", action="store_true", help="short rounds: a look, not a measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.0, help="of each contender in each round")
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    chosen.seconds = chosen.seconds or (2 if chosen.quick else 5)
    return chosen


def rounds[T](contenders: Mapping[str, Callable[[], T]], *, times: int) -> dict[str, list[T]]:
    """Run every contender once in each round, so that what disturbs the machine disturbs all of them."""
    results: dict[str, list[T]] = {name: [] for name in contenders}
    for number in range(times):
        for name, run in contenders.items():
            foreign = load.foreign_load()
            results[name].append(run())
            spoilt = "  (others use the machine)" if foreign > QUIET else ""
            say(
                f"  round {number + 1}: {name:44} {_brief(results[name][-1])}, foreign load {foreign:.0%}{spoilt}"
            )
    return results


def _brief(result: object) -> str:
    if isinstance(result, load.Ran):
        return f"{result.rate:8,.0f}/s  p50 {result.p50:6.1f}  p99 {result.p99:6.1f} ms  cpu {result.cpu:6.0f} us"
    return f"{result:12,.1f}" if isinstance(result, float) else str(result)


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def rate(runs: Sequence[load.Ran]) -> float:
    return middle([run.rate for run in runs])


def p99(runs: Sequence[load.Ran]) -> float:
    return middle([run.p99 for run in runs])


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(promises: Sequence[Promise], *, command: str, machine: str) -> None:
    """Print the table of one measure, and hand it on to whoever collects them all."""
    print(table(promises))
    print(
        f"\n{command}, {time.strftime('%Y-%m-%d %H:%M')}\n{machine}\nclosed loop, load generator on the same machine"
    )
    if path := os.environ.get("BENCH_COLLECT"):
        with Path(path).open("a") as file:
            file.writelines(json.dumps(asdict(promise)) + "\n" for promise in promises)


def table(promises: Sequence[Promise]) -> str:
    rows = [("", "what", "ratio", "promised", "ours", "against")]
    rows += [
        (
            "kept" if promise.is_kept else "MISSED",
            promise.what + (f" ({promise.note})" if promise.note else ""),
            f"{promise.ratio:.2f}",
            f"{'>=' if promise.at_least else '<='} {promise.goal:g}",
            promise.ours,
            promise.theirs,
        )
        for promise in promises
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
