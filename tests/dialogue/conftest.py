"""Opened and screened reports, without HTTP."""

from support.opened import people, receive

__all__ = ["people", "receive"]
