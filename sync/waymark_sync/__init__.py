"""Waymark's sync protocol as a library: seal a report once, keep it, send it, prove it arrived.

Knows nothing of the service behind it. The normative text is `sync/PROTOCOL.md`.
"""
