"""Why a report may be opened without its reporter, and why a covered answer may be looked at: as data."""

from functools import cache

import msgspec
from msgspec import Struct

from waymark_sync.policy import read_data


class Ground(Struct, frozen=True, kw_only=True):
    code: str
    label: str


class AccessPolicy(Struct, frozen=True, kw_only=True):
    version: str
    override_grounds: tuple[Ground, ...]
    unmask_reasons: tuple[Ground, ...]


@cache
def load_access() -> AccessPolicy:
    return msgspec.json.decode(read_data("access.json"), type=AccessPolicy)
