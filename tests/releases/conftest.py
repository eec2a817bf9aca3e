"""The application of the dialogue's tests: people at desks and reporters who read what they are told."""

from dialogue.conftest import service

__all__ = ["service"]
