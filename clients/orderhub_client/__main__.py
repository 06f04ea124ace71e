"""`python -m orderhub_client`: the same as `orderhub`."""

from __future__ import annotations

import sys

from orderhub_client.cli import main

if __name__ == "__main__":
    sys.exit(main())
