"""The thin conductor: one workflow per micro-batch."""
