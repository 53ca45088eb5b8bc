"""The addresses of the product."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from consent import capture, pages

urlpatterns: list[URLPattern | URLResolver] = [
    *capture.addresses(),  # first, because they are asked for most
    path("", pages.home, name="home"),
    path("r/<str:token>/", pages.receipt, name="receipt"),
    path("", include("consent.proof.urls")),
    path("", include("consent.delivery")),
    path("", include("consent.tlog")),
]
if settings.OPTIN_SANDBOX:
    urlpatterns.append(path("sandbox/", include("consent.sandbox.urls")))
