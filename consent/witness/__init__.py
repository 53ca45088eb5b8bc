"""A witness of transparency logs, which a partner runs: it cosigns checkpoints as long as none is taken back.

Stands apart from the product: `python -m consent.witness` needs Python and `cryptography`, and neither Django
nor any setting. docs/witness.md says how to run it.
"""
