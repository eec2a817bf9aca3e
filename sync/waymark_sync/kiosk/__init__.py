"""`waymark-sync`: the library's own first user.

A centre's laptop, or a partner's system, seals reports into a queue on its disk and sends them when it can.
"""

from waymark_sync.kiosk.commands import main

__all__ = ["main"]
