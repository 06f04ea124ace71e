"""Engines behind one protocol; nothing outside this folder imports a solver package."""
