"""The Python end of the wire for kiosks and bots."""
