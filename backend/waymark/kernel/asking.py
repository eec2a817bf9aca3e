"""For whom the service asks its keys: set where a request or a job begins, and kept over threads.

The opener counts by it and writes it down. It is a word of the service about itself: a service that has been
taken over can say anything, and is held by what the opener allows to everybody together.
"""

from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Final, TypeVar

T = TypeVar("T")

NOBODY: Final = "service"
ASKING: Final[ContextVar[str]] = ContextVar("asking", default=NOBODY)
"""`person:ID`, `job:NAME`, or NOBODY."""


def carried(work: Callable[[], T]) -> Callable[[], T]:
    """To be called on another thread, still for whoever asks here."""
    context = copy_context()
    return lambda: context.run(work)
