"""The addresses of the sandbox, below /sandbox/."""

from django.urls import path

from consent.sandbox import acts, app, carrier, graph, switchboard, views

PHONE = "phones/<str:name>/"
TWILIO = "twilio/2010-04-01/Accounts/<str:sid>/"

urlpatterns = [
    path("", views.home, name="sandbox"),
    path("together/", views.together, name="sandbox-together"),
    path("app/", app.app, name="sandbox-app"),
    path("begin/", acts.begin, name="sandbox-begin"),
    path(PHONE, views.phone, name="sandbox-phone"),
    path(f"{PHONE}again/", acts.again, name="sandbox-again"),
    path(f"{PHONE}press/", acts.press, name="sandbox-press"),
    path(f"{PHONE}offers/", acts.offers, name="sandbox-offers"),
    path(f"{PHONE}dial/", acts.dial, name="sandbox-dial"),
    path(f"{PHONE}call/", acts.call, name="sandbox-call"),
    path(f"{PHONE}settings/", acts.settings, name="sandbox-settings"),
    path(f"{TWILIO}Messages.json", carrier.messages, name="sandbox-messages"),
    path(f"{TWILIO}Calls.json", switchboard.calls, name="sandbox-calls"),
    path("meta/<str:version>/<str:number_id>", graph.number, name="sandbox-graph-number"),
    path("meta/<str:version>/<str:number_id>/messages", graph.messages, name="sandbox-graph"),
]
