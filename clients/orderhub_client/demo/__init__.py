"""The demo: one generated day, played through the hub."""
