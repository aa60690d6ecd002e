"""The wire: message types and their words. Imports nothing of ours."""
