"""The app's method has no pages of its own: its routes are part of the API, see `routes`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
