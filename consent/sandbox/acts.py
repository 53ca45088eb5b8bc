"""What is done on a sandbox phone: forms that act, and lead back to its screen."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from consent.models import Sender
from consent.sandbox import calling, phones, screen, writing
from consent.sandbox.carrier import LONGEST_BODY
from consent.sandbox.guard import in_the_sandbox
from consent.sandbox.items import Call, Kind, Message, Phone, Trouble
from consent.vocabulary import Channel

ON_CALLS: dict[str, Callable[[Call], Call]] = {
    "accept": calling.accept,
    "machine": lambda call: calling.accept(call, by="machine"),
    "decline": calling.decline,
    "silent": calling.stay_silent,
    "hang-up": calling.hang_up,
}


@require_POST
@in_the_sandbox
def begin(request: HttpRequest) -> HttpResponse:
    """Write or call on the phone that is shown, or on a new one: a first step for newcomers."""
    found = phones.named(request.POST.get("phone", "")) or phones.make(phones.some_number())
    sender = _sender(request)
    if sender.channel == Channel.VOICE:
        calling.dial(found, to=sender.address, is_hidden=False)
    else:
        writing.write(found, sender=sender, text=request.POST.get("text", "")[:LONGEST_BODY])
    return back(request, found, sender=sender)


@require_POST
@in_the_sandbox
def again(request: HttpRequest, name: str) -> HttpResponse:
    """Send a message once more that did not get through."""
    found = get(name)
    message = _message(request, found, Kind.WRITTEN)
    writing.again(message)
    return back(request, found, app=message.channel, to=message.sender)


@require_POST
@in_the_sandbox
def press(request: HttpRequest, name: str) -> HttpResponse:
    """Press a button under a message."""
    found = get(name)
    message = _message(request, found, Kind.RECEIVED)
    wanted = request.POST.get("payload", "")
    button = next((one for one in message.buttons if one.payload == wanted), None)
    sender = next((one for one in screen.all_senders() if _is(one, message)), None)
    if button is None or sender is None:
        raise Http404("No such button.")
    writing.press(found, sender=sender, message=message, button=button)
    return back(request, found, sender=sender)


@require_POST
@in_the_sandbox
def offers(request: HttpRequest, name: str) -> HttpResponse:
    """Stop a company's offers from the menu of its chat, or let them through again."""
    found, sender = get(name), _sender(request)
    if sender.channel != Channel.WHATSAPP:
        raise Http404("Only WhatsApp has such a menu.")
    writing.set_offers(found, sender=sender, are_stopped=request.POST.get("stop") == "1")
    return back(request, found, sender=sender)


@require_POST
@in_the_sandbox
def dial(request: HttpRequest, name: str) -> HttpResponse:
    """Call one of our numbers."""
    found, sender = get(name), _sender(request)
    if sender.channel != Channel.VOICE:
        raise Http404("This number takes no calls.")
    calling.dial(found, to=sender.address, is_hidden="hidden" in request.POST)
    return back(request, found, sender=sender)


@require_POST
@in_the_sandbox
def call(request: HttpRequest, name: str) -> HttpResponse:
    """Pick up, refuse, press a key, say nothing, or hang up."""
    found = get(name)
    item = phones.find(request.POST.get("sid", ""))
    if not isinstance(item, Call) or item.number != found.number:
        raise Http404("No such call.")
    if key := request.POST.get("key", ""):
        calling.press(item, key)
    elif act := ON_CALLS.get(request.POST.get("act", "")):
        act(item)
    return back(request, found, app=Channel.VOICE, to=item.sender)


@require_POST
@in_the_sandbox
def settings(request: HttpRequest, name: str) -> HttpResponse:
    """Switch a trouble on or off."""
    found = get(name)
    wanted = request.POST.get("trouble", "")
    if wanted in Trouble:
        phones.trouble(found, wanted, is_on=wanted not in found.troubles)
    return back(request, found, app=screen.App.SETTINGS)


def get(name: str) -> Phone:
    """The phone with a name, or 404."""
    found = phones.named(name)
    if found is None:
        raise Http404("No such phone.")
    return found


def back(
    request: HttpRequest, found: Phone, *, sender: Sender | None = None, app: str = "", to: str = ""
) -> HttpResponse:
    """The way back to the screen of a phone."""
    query = QueryDict(screen.kept(request), mutable=True)
    query["app"] = sender.channel if sender else app
    if address := sender.address if sender else to:
        query["to"] = address
    # On a small screen, straight to the phone.
    address = reverse("sandbox-phone", args=[found.name])
    return redirect(f"{address}?{query.urlencode()}{'' if 'frame' in query else '#phone'}")


def _sender(request: HttpRequest) -> Sender:
    wanted = (request.POST.get("channel", ""), request.POST.get("to", ""))
    found = next((one for one in screen.all_senders() if (one.channel, one.address) == wanted), None)
    if found is None:
        raise Http404("No such number.")
    return found


def _message(request: HttpRequest, found: Phone, kind: Kind) -> Message:
    item = phones.find(request.POST.get("sid", ""))
    if not isinstance(item, Message) or item.number != found.number or item.kind != kind:
        raise Http404("No such message.")
    return item


def _is(sender: Sender, message: Message) -> bool:
    return (sender.channel, sender.address) == (message.channel, message.sender)
