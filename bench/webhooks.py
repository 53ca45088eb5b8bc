"""Signed Twilio webhooks, from signature to durable answer, against an empty view of the same server."""

import os

from bench import figures, house

os.environ["OPTIN_SANDBOX"] = "1"  # its account signs as Twilio does
house.begin()

import itertools
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from django.conf import settings

from bench import load
from bench.forms import next_number
from consent import sample
from consent.models import Act, Call
from consent.providers import accounts, twilio

AT_ONCE = 50
CALLS_AT_ONCE = 200
WARM_UP = 1.0  # seconds: every thread of the server opens its connection
FASTER_THAN_EVER = 700  # webhooks a second that this machine would not manage
MESSAGES, VOICE = "/hooks/twilio/messages/", "/hooks/twilio/voice/"

_sids = itertools.count(1)


def main() -> None:
    chosen = figures.arguments(__doc__ or "")
    aurora = sample.seed()
    calls_to = aurora.point.voice
    assert calls_to is not None
    many = round((chosen.seconds + WARM_UP) * FASTER_THAN_EVER)

    def stops() -> load.Ran:
        posts = signed(MESSAGES, [sms(aurora.sender.address) for _ in range(many)])
        return answered(posts, chosen.seconds, AT_ONCE, durable=lambda: Act.objects.count())

    def calls() -> load.Ran:
        posts = signed(VOICE, [call(calls_to.address) for _ in range(many)])
        return answered(posts, chosen.seconds, CALLS_AT_ONCE, durable=lambda: Call.objects.count())

    def empty_view() -> load.Ran:
        with house.serving("bench.empty:application") as base:
            load.get(f"{base}/", seconds=WARM_UP, connections=AT_ONCE)
            return load.get(f"{base}/", seconds=chosen.seconds, connections=AT_ONCE)

    ran = figures.rounds(
        {"a stop by SMS": stops, "a call begins": calls, "empty Django view": empty_view},
        times=chosen.rounds,
    )
    stop, begun, empty = ran.values()
    figures.report(
        [
            against(empty, stop, "p50", goal=100),
            against(empty, stop, "p99", goal=100),
            figures.Promise(
                f"{CALLS_AT_ONCE} calls at once, p99 of the first words, s",
                figures.p99(begun) / 1000,
                f"{figures.rate(begun):,.0f}/s, p99 {figures.p99(begun):.0f} ms",
                "1 s",
                1,
                False,
            ),
        ],
        command="python -m bench.webhooks",
        machine=house.machine(),
    )


def against(
    empty: Sequence[load.Ran], ours: Sequence[load.Ran], what: str, *, goal: float
) -> figures.Promise:
    """One percentile of both, in milliseconds, with as many requests at once."""
    mine, theirs = (figures.middle([getattr(run, what) for run in runs]) for runs in (ours, empty))
    return figures.Promise(
        f"signed webhook to durable answer, {what} at {AT_ONCE} at once",
        mine / theirs,
        f"{mine:.1f} ms, {figures.rate(ours):,.0f}/s",
        f"{theirs:.1f} ms empty view, {figures.rate(empty):,.0f}/s",
        goal,
        False,
    )


def answered(posts: load.Post, seconds: float, at_once: int, *, durable: Callable[[], int]) -> load.Ran:
    """Send them all once, and see that whatever was answered is in the database."""
    before = durable()
    with house.serving() as base:
        warm = load.Post(posts.path, posts.headers, posts.bodies[: AT_ONCE * 4], posts.signed)
        load.post(base, warm, seconds=WARM_UP, connections=at_once, again=True)
        rest = load.Post(posts.path, posts.headers, posts.bodies[AT_ONCE * 4 :], posts.signed)
        ran = load.post(base, rest, seconds=seconds, connections=at_once)
    if durable() - before < ran.requests:
        raise load.LoadFailed(f"{durable() - before} are durable of {ran.requests} answered")
    return ran


def signed(path: str, forms: Sequence[dict[str, str]]) -> load.Post:
    """Webhooks as Twilio sends them, each with its own signature."""
    url, token = settings.OPTIN_PUBLIC_URL + path, accounts.sandbox().tokens[0]
    bodies = [
        twilio.sign(url, form, token=token).encode() + b"\t" + urlencode(form).encode() for form in forms
    ]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return load.Post(path, headers, bodies, "X-Twilio-Signature")


def sms(to: str) -> dict[str, str]:
    """A stop from somebody nobody has met."""
    sid = f"SM{next(_sids):032x}"
    return {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "Body": "SAIR",
        "From": next_number(),
        "MessageSid": sid,
        "NumMedia": "0",
        "SmsMessageSid": sid,
        "To": to,
    }


def call(to: str) -> dict[str, str]:
    """A call that begins, from somebody nobody has met."""
    return {
        "AccountSid": accounts.sandbox().sid,
        "ApiVersion": "2010-04-01",
        "CallSid": f"CA{next(_sids):032x}",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": next_number(),
        "To": to,
    }


if __name__ == "__main__":
    main()
