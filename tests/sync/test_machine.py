"""Random stories of a device and a service with a bad network, crashes and restores; then everything heals.

What must hold at the end: every report is at the service exactly once, every number is accounted for, no
bytes ever changed, and what was let go is in every backup that was allowed to be restored.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from waymark_sync.messages import AckBody
from waymark_sync.outbox import Outbox
from waymark_sync.seal import raw_public

from .service import Service
from .world import World

FAULTS: tuple[str | int, ...] = ("lost", "reply_lost", "portal", "cut", 413, 429, 500, 503)


class DeviceStory(RuleBasedStateMachine):
    backups: Bundle[dict[str, Any]] = Bundle("backups")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.sqlite"
        self.world = World(Outbox(self.path), Service())
        self.bytes: dict[str, bytes] = {}
        self.said: set[str] = set()
        self.oldest_backup_pos = 0
        self.backup_positions: list[int] = []

    @rule(count=st.integers(1, 3))
    def capture(self, count: int) -> None:
        for item_id in self.world.report(count):
            row = self.world.outbox.item(item_id)
            assert row is not None
            self.bytes[item_id] = row.sha256

    @rule(
        faults=st.lists(st.sampled_from(FAULTS), max_size=3), hours=st.sampled_from([0.0, 0.1, 30.0, -200.0])
    )
    def drain(self, faults: list[str | int], hours: float) -> None:
        self.world.service.faults = list(faults)
        self.world.client.drain()
        self.world.service.faults = []
        self.world.later(hours)

    @rule()
    def crash(self) -> None:
        """Another process opens the file; nothing in memory survives."""
        self.world.outbox.close()
        self.world.outbox = Outbox(self.path)
        self.world.client = self.world.another(self.world.outbox)

    @rule(target=backups)
    def back_up(self) -> dict[str, Any]:
        backup = self.world.service.snapshot()
        self.backup_positions.append(backup["pos"])
        self.world.service.restore_floor = min(self.backup_positions)
        return backup

    @rule(backup=backups)
    def restore(self, backup: dict[str, Any]) -> None:
        # Positions of another lineage say nothing of this one's floor: only the restored one is left.
        self.world.service.restore(backup)
        self.world.service.restore_floor = 0
        self.backup_positions = [0]

    @rule()
    def answer(self) -> None:
        told = AckBody(item_id=self.world.device.device_id, at="", from_name="Northshire")
        feed_id, public = self.world.device.device_id, raw_public(self.world.device.seal_key)
        self.world.service.say(feed_id, public, "ack", told)

    @invariant()
    def every_number_is_accounted_for(self) -> None:
        assert all(entry.whole for entry in self.world.outbox.custody(self.world.device.device_id))
        rows = self.world.outbox.items()
        assert {row.item_id: row.sha256 for row in rows} == self.bytes

    @invariant()
    def nothing_is_let_go_that_the_service_does_not_hold(self) -> None:
        gone = {row.item_id for row in self.world.outbox.items() if row.state == "tombstone"}
        assert gone <= set(self.world.service.stored)

    @invariant()
    def nothing_is_a_conflict(self) -> None:
        assert self.world.service.conflicts == {}

    def teardown(self) -> None:
        for _ in range(3):
            self.world.later(30)
            drained = self.world.client.drain(asked=True)
        assert drained.failure is None
        assert set(self.world.states()) <= {"receipted", "tombstone"}
        assert {known.sha256 for known, _ in self.world.service.stored.values()} == set(self.bytes.values())
        feed = self.world.service.feeds.get(self.world.device.device_id, [])
        held = {message.id for message in self.world.outbox.messages(self.world.device.device_id)}
        assert {message.id for message in feed} <= held
        self.world.outbox.close()
        self.folder.cleanup()


TestDeviceStory = DeviceStory.TestCase
TestDeviceStory.settings = settings(
    max_examples=2_000 if os.environ.get("WAYMARK_PROVE") == "1" else 40,
    stateful_step_count=15,
    deadline=None,
)
