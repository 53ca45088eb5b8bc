"""Paper, as staff work with it: batches, what is handed in, and each page before their eyes."""
