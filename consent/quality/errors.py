"""What the codes of refused messages say of the number that sent them, and not of the person."""

from consent.quality.states import LOCKED, SPAM

LIMITED, PAUSED, PAYMENT, TOKEN, THROTTLED = "limited", "paused", "payment", "token", "throttled"

# Meta's codes and Twilio's: "Error codes" of the Cloud API; https://www.twilio.com/docs/api/errors.
CODES = {
    **dict.fromkeys(("131048", "63013"), SPAM),
    **dict.fromkeys(("131031", "368"), LOCKED),
    **dict.fromkeys(
        ("130429", "80007", "30007", "63018", "4", "131056", "30022", "30023", "20429"), THROTTLED
    ),
    **dict.fromkeys(("132015", "132016", "63041"), PAUSED),
    **dict.fromkeys(("131042", "30002"), PAYMENT),
    **dict.fromkeys(("190", "10", "131005", "20003"), TOKEN),
    **dict.fromkeys(("131049", "63049", "63032"), LIMITED),
}
