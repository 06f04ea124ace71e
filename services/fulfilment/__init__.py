"""Stock, allocation and route plans."""
