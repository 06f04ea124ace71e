"""Pure optimisation: arrays in, certified answers out."""
