"""The addresses of a kiosk; everything below the first is for tablets that staff have opened."""

from django.urls import path

from consent.capture.kiosk import opening, views

KIOSK = "c/<slug:company>/<slug:point>/kiosk/"

urlpatterns = [
    path(KIOSK, views.page, name="kiosk"),
    path(f"{KIOSK}open/", opening.open_up, name="kiosk-open"),
    path(f"{KIOSK}worker.js", views.worker, name="kiosk-worker"),
    path(f"{KIOSK}answers/", views.answers, name="kiosk-answers"),
    path(f"{KIOSK}number/", views.number, name="kiosk-number"),
]
