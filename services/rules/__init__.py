"""Verdicts: the rulebook applied to orders."""
