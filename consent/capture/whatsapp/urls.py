"""The address that Meta is told; Twilio's is shared by everything it delivers: see capture.messages."""

from django.urls import path

from consent.capture.whatsapp import webhook

urlpatterns = [path("hooks/meta/", webhook.meta_webhook, name="meta")]
