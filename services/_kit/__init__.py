"""What a gRPC service needs, whatever it serves: no business in here."""
