"""Every address of the installation."""

from django.contrib import admin
from django.urls import include, path

handler400 = "consent.http.bad_request"
handler404 = "consent.pages.not_found"

urlpatterns = [
    path("", include("consent.urls")),
    path("admin/", admin.site.urls),
]
