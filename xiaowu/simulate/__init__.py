"""Simulated days of a hall, put together for the command line: sample hall, variants, figures."""
