"""The shape of `sync/vectors/conversations/*.json`; PROTOCOL.md, section 16, says what each step means."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from conversations.proxy import Fault

FOLDER: Final = Path(__file__).parents[2] / "sync" / "vectors" / "conversations"


class Expected(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of the client's `status --json`, of its last `send`, and of what passed. None: not looked at."""

    made: int | None = None
    waiting: int | None = None
    sent: int | None = None
    let_go: int | None = None
    held_for_a_person: int | None = None
    whole: bool | None = None
    exit: int | None = None
    problem: bool | None = None
    """Did the last `send` name one?"""
    again_in_s: tuple[float, float] | None = None
    """Between which `again_at_ms` of the last `send` lies, in seconds from then."""
    inbox: tuple[str, ...] | None = None
    """Kinds of the messages that `inbox --json` shows."""
    requests: Mapping[str, int] = {}
    """How many of each the last step made: push, manifest, pull."""
    largest_push: int | None = None
    """Items in the fullest push of the last step."""
    service_has: int | None = None
    """Reports of this conversation at the service: each once, and byte for byte as sent."""
    readable: int | None = None
    """Of those, how many the service could open and a person can read."""


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    do: str = ""
    """add, send, export or import, of the client."""
    service: str = ""
    """kill, stop, start, back_up, verify, restore, copy, put_copy_back, forget, answer, import."""
    expect: Expected | None = None
    client: str = "first"
    """Which of several devices."""
    count: int = 1
    words: int = 0
    """`add`: letters of the story; 0: a short one."""
    network: tuple[Fault, ...] = ()
    times: int = 1
    """`send`: how often, one after another."""
    item: int = 1
    """`forget` and `answer`: which report, as they were added."""
    file: str = "queue"
    """`export` and `import`: the name of what is carried."""


class Conversation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    about: str
    steps: tuple[Step, ...]

    @property
    def moves_the_service(self) -> bool:
        """Then no other conversation can use the same one."""
        return any(step.service not in ("", "answer", "import") for step in self.steps)

    @property
    def needs(self) -> set[str]:
        """Commands of a client that not every kind of device has."""
        return {step.do for step in self.steps} & {"import"}


def conversations() -> dict[str, Conversation]:
    """By name."""
    return {
        path.stem: msgspec.json.decode(path.read_bytes(), type=Conversation)
        for path in sorted(FOLDER.glob("*.json"))
    }
