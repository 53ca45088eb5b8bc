"""The addresses of the preference centre and of one-click stop links."""

from django.urls import path

from consent.preferences import arriving, asking, back, pages, stop_links

urlpatterns = [
    path("preferences/", arriving.number, name="preferences-number"),
    path("preferences/stopped/", arriving.stopped, name="preferences-stopped"),
    path("preferences/code/<str:token>/", arriving.code, name="preferences-code"),
    path("preferences/<str:token>/", pages.sheet, name="preferences"),
    path("preferences/<str:token>/back/<slug:company>/<str:key>/", back.page, name="preferences-back"),
    path("preferences/<str:token>/rights/<slug:company>/", asking.ask, name="preferences-rights"),
    path("rights/<str:token>/", asking.follow, name="rights"),
    path("rights/<str:token>/everything.zip", asking.everything, name="rights-everything"),
    path("stop/<str:token>/", stop_links.page, name="stop"),
    path("stop/<str:token>/<slug:purpose>/<slug:channel>/", stop_links.page, name="stop-one"),
]
