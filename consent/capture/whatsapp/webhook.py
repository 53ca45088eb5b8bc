"""Meta's webhook: prove the address to be ours, and keep what they deliver before anything is made of it."""

import hashlib
import logging
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import hooks, inbound, spool
from consent.inbound import Delivery
from consent.providers import Refused, meta
from consent.providers.meta import Signed

log = logging.getLogger(__name__)

DOOR = "meta"
STATUSES = {
    "challenge.shape": HTTPStatus.BAD_REQUEST,
    "body.unreadable": HTTPStatus.BAD_REQUEST,
    "body.too_big": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


@csrf_exempt  # the signature says who it is
@require_http_methods(["GET", "POST"])
def meta_webhook(request: HttpRequest) -> HttpResponse:
    """Meta's webhook for everything: a handshake by GET, batches of updates by POST.

    A batch is acknowledged as soon as it is durable; the worker takes it apart. Errors have an empty body.
    """
    try:
        if request.method == "GET":
            return HttpResponse(meta.handshake(request), content_type="text/plain")
        signed = meta.verified(request)
    except Refused as refusal:
        if refusal.trimmed is not None:
            _keep_rewritten(refusal.trimmed["body"])
        return HttpResponse(status=STATUSES.get(refusal.code, HTTPStatus.FORBIDDEN))
    except DatabaseError:
        log.exception("A webhook of Meta's could not be checked.")
        return hooks.not_now()
    return _keep(batch(signed))


def batch(signed: Signed, *, name: str = "batch") -> Delivery:
    """A whole batch as it is kept: named by its content, because it has no id."""
    body = signed.body.decode("utf-8", "backslashreplace")
    return Delivery(
        door=DOOR,
        provider="meta",
        event=(name, hashlib.sha256(signed.body).hexdigest()),
        parameters={"body": body, "signed_for": " ".join(sorted(signed.numbers))},
        received_at=timezone.now(),
    )


def _keep(delivery: Delivery) -> HttpResponse:
    try:
        inbound.keep(delivery)
    except DatabaseError:
        log.exception("A batch could not be stored; it waits on disk for the worker.")
        try:
            spool.write(DOOR, delivery.to_bytes())
        except OSError:
            log.exception("A batch could not be spooled either.")
            return hooks.not_now()
    return HttpResponse()


def _keep_rewritten(body: str) -> None:
    log.error(
        "A proxy in front reads and rewrites the bodies of webhooks, so their signatures fail. "
        "The batch is kept and was not acted on: mend the proxy."
    )
    # Under a name of its own: the same batch may still come as it should.
    rewritten = batch(Signed(body.encode(), frozenset()), name="rewritten batch")
    try:
        inbound.keep(rewritten, inbound.State.UNREADABLE)
    except DatabaseError:
        log.exception("A refused batch could not be kept.")
