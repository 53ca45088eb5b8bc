"""A sender and its provider: which tokens count, which addresses the provider must call, and whether it all works."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.admin import scope, troubles
from consent.admin.site import admin_page
from consent.admin.troubles import Trouble
from consent.models import InboundMessage, Sender
from consent.providers import accounts, checking, meta_numbers

MAY_CHECK = "consent.change_sender"
LAST = 4  # characters of a token that are shown

HOOKS = {
    "messages": gettext_lazy("For incoming messages (“A message comes in”, webhook, POST)"),
    "status": gettext_lazy(
        "For what became of messages (“Status callback URL”); we also name it with each message"
    ),
    "calls": gettext_lazy("For incoming calls (“A call comes in”, webhook, POST)"),
    "meta": gettext_lazy(
        "For the webhooks of the app at Meta (“Callback URL”); subscribe to messages and user_preferences"
    ),
    "call_status": gettext_lazy("For what became of calls (“Call status changes”)"),
}

# What goes wrong with a connection. What is not here, troubles.TROUBLES says.
PROBLEMS = (
    Trouble(
        ("egress.timeout", "egress.connection"),
        gettext_lazy("The provider did not answer in time."),
        gettext_lazy("See that this machine may open HTTPS connections to the provider, then check again."),
    ),
    Trouble(
        ("429", "20429"),
        gettext_lazy("The provider has been asked too often."),
        gettext_lazy("Wait a minute, then check again."),
    ),
    Trouble(
        ("account.suspended",),
        gettext_lazy("The account is suspended or closed at the provider."),
        gettext_lazy("Settle it in the provider's console; nothing leaves before."),
    ),
    Trouble(
        ("account.trial",),
        gettext_lazy("It is a trial account: it writes only to numbers that were entered at the provider."),
        gettext_lazy("Make it a full account before you ask people."),
    ),
    Trouble(
        ("number.not_there",),
        gettext_lazy("The account is right, but this number does not belong to it."),
        gettext_lazy("Compare the number with the provider's console; a subaccount has an id and token of its own."),
    ),
    Trouble(
        ("number.cannot",),
        gettext_lazy("The number belongs to the account, but cannot be used on this channel."),
        gettext_lazy("Buy or set up a number that can, and enter it here."),
    ),
    Trouble(
        ("number.another",),
        gettext_lazy("Meta's id is of another number than the one written here."),
        gettext_lazy("Copy the phone number id of this very number from WhatsApp Manager."),
    ),
    Trouble(
        ("number.offline",),
        gettext_lazy("The number is not connected at WhatsApp."),
        gettext_lazy("See in WhatsApp Manager what it lacks: it is to be registered, verified and not banned."),
    ),
    Trouble(
        ("quality.red",),
        gettext_lazy("People block or report this number often: WhatsApp rates its quality as low."),
        gettext_lazy("Ask fewer people, and only those who expect it, before WhatsApp holds the number back."),
    ),
    Trouble(
        ("100",),
        gettext_lazy("Meta does not know this id, or the token may not see it."),
        gettext_lazy("Compare both ids with WhatsApp Manager, and give the system user access to the account."),
    ),
    Trouble(
        ("webhook.elsewhere",),
        gettext_lazy("The provider does not call our address when somebody writes or calls: stops would not arrive."),
        gettext_lazy("Paste the address below into the number's settings, or into those of its messaging service."),
    ),
)  # fmt: skip

_BY_CODE = {code: problem for problem in PROBLEMS for code in problem.codes}


@dataclass(frozen=True, slots=True)
class Address:
    """An address of ours that is pasted at the provider."""

    name: str
    label: Any
    url: str


def context(request: HttpRequest, sender: Sender) -> dict[str, Any]:
    """What a sender's page shows of its provider."""
    tokens, verify_token = _tokens(sender)
    return {
        "tokens": [token[-LAST:] for token in tokens],
        "verify_token": verify_token if request.user.has_perm(MAY_CHECK) else "",
        "is_broken": bool(sender.secret) and not tokens,
        "addresses": _addresses(sender),
        "may_check": request.user.has_perm(MAY_CHECK),
        "last": InboundMessage.objects.filter(sender=sender).order_by("-received_at").first(),
    }


def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the provider now, and say what to do about what is wrong."""
    if not request.user.has_perm(MAY_CHECK):
        raise PermissionDenied
    sender = scope.within(Sender.objects.filter(pk=pk), request).first()
    if sender is None:
        raise Http404
    found = checking.check(sender)
    shown = {
        "title": _("Check the connection"),
        "sender": sender,
        "name": found.name,
        "problems": [(code, words(code)) for code in found.problems],
        **context(request, sender),
    }
    return TemplateResponse(request, "consent/admin/connection.html", admin_page(request, shown))


def words(code: str) -> Trouble | None:
    """What a problem means and what to do about it; None for a code nobody has described."""
    return _BY_CODE.get(code) or troubles.of(code)


def _tokens(sender: Sender) -> tuple[tuple[str, ...], str]:
    """The tokens of a sender, the one in use first, and what Meta is told to prove our address with."""
    if sender.provider == "sandbox" or not sender.secret:
        return (), ""
    if sender.provider == "meta":
        keys = meta_numbers.opened(sender.number_id, bytes(sender.secret))
        return (keys.tokens, keys.verify_tokens[0]) if keys else ((), "")
    return accounts.opened(sender.account, bytes(sender.secret)), ""


def _addresses(sender: Sender) -> list[Address]:
    return [Address(name, HOOKS[name], url) for name, url in checking.hooks(sender).items() if _is_there(url)]


def _is_there(url: str) -> bool:
    """Whether this installation answers there: a capture method may be left out of it."""
    try:
        resolve("/" + url.split("/", 3)[3])
    except Resolver404:
        return False
    return True
