"""One generated day, played on a real hub, and the report of what came of it.

The generator knows nothing of the rules, and its truth labels never reach the hub.
"""
