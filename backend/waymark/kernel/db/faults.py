"""What can go wrong in a database, in the same words for both engines."""


class DatabaseFault(Exception):
    """Base. The driver's own error is the cause; its text may hold values, so it is never shown or logged."""


class Refused(DatabaseFault):
    """A UNIQUE, CHECK, NOT NULL or REFERENCES constraint said no."""


class Full(DatabaseFault):
    """No room on the disk. Nothing was committed."""


class Unavailable(DatabaseFault):
    """Locked for too long, gone away or read-only. Nothing was committed; trying again may help."""
