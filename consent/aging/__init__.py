"""What time does to consents: they end, mean something else, or are forgotten; and their people are told."""
