"""Orders: taken in, told apart, held, handed out, followed."""
