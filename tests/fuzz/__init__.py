"""Requests that are almost right, of every dialect, against a whole gateway."""
