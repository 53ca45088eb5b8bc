"""The addresses of the website method."""

from django.urls import path

from consent.capture.website import confirming, embed, proof, views

urlpatterns = [
    path("c/<slug:company>/<slug:point>/", views.form, name="website-form"),
    path("c/<slug:company>/<slug:point>/confirm/<str:token>/", confirming.confirm, name="website-confirm"),
    path("challenge/", proof.challenge, name="website-challenge"),
    path("embed.js", embed.script, name="website-embed"),
]
