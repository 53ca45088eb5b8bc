"""A Django project whose one view does nothing, with no middleware: what the framework itself costs."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.empty_settings"

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

application = get_wsgi_application()


def nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"")


urlpatterns = [path("", nothing)]
