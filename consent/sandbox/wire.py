"""What went over the wire between Optin and the pretend providers, kept to be looked at."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from consent.providers import sandbox as provider
from consent.sandbox.items import Exchange


def told(called: provider.Exchange) -> Exchange:
    """A call of a webhook of ours."""
    return Exchange(
        line=f"POST {called.url}",
        headers=called.headers,
        fields=called.fields,
        body=called.body,
        status=called.status,
        answer=called.answer,
    )


def asked(
    request: HttpRequest, answer: JsonResponse, *, fields: Mapping[str, str] | None = None, body: str = ""
) -> Exchange:
    """A call of a provider's API by our own sender, without the token."""
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    return Exchange(
        line=f"POST {settings.OPTIN_PUBLIC_URL}{request.path}",
        headers={
            "Authorization": f"{scheme} ····",
            "Content-Type": request.content_type or "",
            "User-Agent": request.headers.get("User-Agent", ""),
        },
        fields=fields or {},
        body=body,
        status=answer.status_code,
        answer=answer.content.decode(),
        is_ours=True,
    )
