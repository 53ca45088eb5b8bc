"""Consent by WhatsApp: what people write, tap and choose in a chat with us, as Meta or Twilio delivers it."""

from consent import capture
from consent.capture.whatsapp import from_twilio

METHOD = capture.Method(
    slug="whatsapp",
    name="WhatsApp",
    urls="consent.capture.whatsapp.urls",
    messages=from_twilio.HOOK,
    needs=("OPTIN_PUBLIC_URL", "OPTIN_META_VERSION"),
)
