"""The sandbox: phones in the browser that receive what the product really sends, and answer it.

Only where OPTIN_SANDBOX is on. It is another party, not a part of the product: it hears of messages through a
Twilio-shaped API, and speaks through signed webhooks over HTTP.
"""
