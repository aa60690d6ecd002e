"""The hall's end of the wire."""
