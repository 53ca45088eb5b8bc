"""Taking records out: the whole ledger of a company or a part of it, as of one size of the log."""
