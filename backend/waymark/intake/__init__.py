"""Sealed items come in here, are committed durably, and are opened afterwards."""
