"""The measured promises, each runnable alone: `python -m bench.decision`."""
