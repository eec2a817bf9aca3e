"""Erasure: by two people, of closed reports alone, and so that no copy can bring the report back."""
