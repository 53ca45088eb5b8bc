"""The addresses of calls, as they are told to Twilio."""

from django.urls import path

from consent.capture.ivr import statuses, webhook

urlpatterns = [
    path("hooks/twilio/voice/", webhook.voice, name="twilio-voice"),
    path("hooks/twilio/voice/status/", statuses.statuses, name="twilio-voice-status"),
]
