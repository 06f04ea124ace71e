"""Client library of the order hub."""
