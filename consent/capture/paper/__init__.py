"""Consent on paper: sheets are printed, signed, scanned, read, checked by staff, and committed."""
