"""Is this the person on the card."""
