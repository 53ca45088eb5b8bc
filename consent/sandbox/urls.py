"""The addresses of the sandbox, below /sandbox/."""

from django.urls import path

from consent.sandbox import carrier, views

urlpatterns = [
    path("", views.home, name="sandbox"),
    path("phones/<str:name>/", views.phone, name="sandbox-phone"),
    path("phones/<str:name>/again/", views.again, name="sandbox-again"),
    path("twilio/2010-04-01/Accounts/<str:sid>/Messages.json", carrier.messages, name="sandbox-messages"),
]
