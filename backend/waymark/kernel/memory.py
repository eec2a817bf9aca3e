"""The service's memory holds its keys and, for moments, reports in the clear: nobody else may read it."""

import ctypes
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def keep_to_itself() -> None:
    """No core is written when this process crashes, and no other one of its account can look into it.

    For this process alone: a program that it starts begins as it would otherwise. Raises OSError.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this process could not be kept to itself")
