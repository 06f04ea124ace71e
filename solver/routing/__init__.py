"""Which vehicle visits which stop, and when."""
