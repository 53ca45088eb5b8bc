"""The addresses of the product."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from consent import capture, pages
from consent.api import asking, lists, reading, telling, v1
from consent.capture.app import routes

v1.api.add_router("", asking.router)
v1.api.add_router("", telling.router)
v1.api.add_router("", routes.router)
v1.api.add_router("", reading.router)
v1.api.add_router("", lists.router)


def sandbox() -> list[URLResolver]:
    """The phones to try things on, where they are wanted."""
    return [path("sandbox/", include("consent.sandbox.urls"))] if settings.OPTIN_SANDBOX else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", v1.api.urls),  # first, because programs ask the most
    *capture.addresses(),
    path("", include("consent.watching")),
    path("", pages.home, name="home"),
    path("r/<str:token>/", pages.receipt, name="receipt"),
    path("", include("consent.confirmation")),
    path("", include("consent.preferences.urls")),
    path("", include("consent.proof.urls")),
    path("", include("consent.delivery")),
    path("", include("consent.tlog")),
    *sandbox(),
]
