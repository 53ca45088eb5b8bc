"""The paths at which providers call us; `capture` and `delivery` answer there."""

MESSAGES = "/hooks/twilio/messages/"
STATUS = "/hooks/twilio/status/"
VOICE = "/hooks/twilio/voice/"
VOICE_STATUS = "/hooks/twilio/voice/status/"
META = "/hooks/meta/"
