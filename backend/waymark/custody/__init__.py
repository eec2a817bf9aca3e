"""Custody: what devices may let go of, because every backup that may be restored holds it."""
