"""A hybrid genetic search on PyVRP's compiled local search."""
