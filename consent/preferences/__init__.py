"""The preference centre: a person sees what they agreed to, stops it, and says yes again, without an account."""
