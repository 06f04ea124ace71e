"""Which warehouse ships which order line."""
