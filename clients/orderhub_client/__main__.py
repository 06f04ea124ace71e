"""`python -m orderhub_client` is `orderhub`."""

from __future__ import annotations

from orderhub_client.cli import main

if __name__ == "__main__":
    main()
