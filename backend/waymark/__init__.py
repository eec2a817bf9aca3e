"""The Waymark service: takes sealed reports, opens them, brings them to the people who can act."""

__version__ = "0.1.0"
