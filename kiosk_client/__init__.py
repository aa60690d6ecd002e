"""The booth."""
