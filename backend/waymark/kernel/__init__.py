"""Plumbing that knows no feature."""
