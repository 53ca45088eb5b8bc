"""What auditors look at: a sample that can be drawn again, and how complete the evidence of each record is."""
