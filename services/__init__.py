"""The services of the order hub, one folder each."""
