"""What a person can take home and check: every form of a receipt, and the page that verifies one."""
