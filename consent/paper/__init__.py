"""Sheets of paper, printed and read back; no Django and no table: what is read may come from anybody."""
