"""The health of our numbers: readings, what they mean at a moment, and what the product does about it by itself.

A state is a pure function of readings and a moment (`classic`, `current`). What follows from it for a sender is written
into `Sender.restriction`, where the decision reads it.
"""
