"""Identifiers. UUIDv4 where a device can see them: v7 would tell when it was made."""

from uuid import uuid4


def new_id() -> str:
    """A random UUIDv4 as 36 lower-case characters."""
    return str(uuid4())
