"""What goes wrong, how often, and what was injected."""

import random
from collections import Counter
from typing import Final, Literal, get_args

Ablation = Literal[
    "delete_on_ack",
    "newest_backup_purge",
    "max_seq_check",
    "no_manifest",
    "unchecked_cursor",
    "remove_before_send",
    "reseal_on_retry",
    "batch_4xx",
    "early_pos",
    "borrowed_floor",
    "counted_floor",
]
"""A rule taken away. Each must fail by its own kind, or the simulation proves nothing."""
ABLATIONS: Final[tuple[Ablation, ...]] = get_args(Ablation)
KIND: Final[dict[Ablation, str]] = {
    "delete_on_ack": "lost",
    "newest_backup_purge": "lost",
    "max_seq_check": "lost",
    "no_manifest": "lost",
    "unchecked_cursor": "missed",
    "remove_before_send": "lost",
    "reseal_on_retry": "conflicts",
    "batch_4xx": "stuck",
    "early_pos": "missed",
    "borrowed_floor": "lost",
    "counted_floor": "violations",
}

STATUSES: Final = (400, 401, 403, 413, 429, 500, 502, 503, 504, 507)

ON_THE_WAY: Final[dict[str, float]] = {
    # Of one request, while things go wrong.
    "unreachable": 0.05,
    "request_lost": 0.05,
    "request_delayed": 0.03,
    "duplicate_delivery": 0.05,
    "late_duplicate": 0.03,
    "response_lost": 0.07,
    "response_delayed": 0.04,
    "body_truncated": 0.02,
    "captive_portal": 0.02,
    "forged_answer": 0.02,
    "killed_before_commit": 0.02,
    "killed_after_commit": 0.02,
    "server_disk_full": 0.01,
    "power_lost": 0.01,
    **{f"status_{status}": 0.008 for status in STATUSES},
}
ON_THE_DEVICE: Final[dict[str, float]] = {
    # Of one effect, one capture.
    "client_crash": 0.008,
    "disk_full_at_answer": 0.004,
    "disk_full_at_capture": 0.02,
    "value_lost": 0.02,
}
STORY: Final[dict[str, float]] = {
    # Of one step. The first five are no faults.
    "capture": 34,
    "capture_file": 5,
    "wake": 12,
    "say": 14,
    "back_up": 10,
    "verify": 9,
    "second_drainer": 3,
    "tab_frozen": 3,
    "clock_jump": 3,
    "process_killed": 4,
    "restore_oldest": 1,
    "restore_newest": 1,
    "restore_by_hand": 2.5,
    "restored_twice": 0.6,
    "wal_missing": 0.5,
    "key_rotated": 1,
    "device_cloned": 0.4,
    "store_evicted": 0.4,
    "switched_off": 1,
    "device_revoked": 0.4,
    "app_upgraded": 1,
    "app_downgraded": 0.5,
    "queue_carried": 1,
    "poison_report": 1.2,
    "bytes_rotted": 1.2,
    "database_moved": 0.5,
    "upload_expired": 1,
}


class Chance:
    """One seed's luck, and the count of what was made of it."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)  # noqa: S311 - a story must be told again from its number
        self.counts: Counter[str] = Counter()
        self.on = True
        self._steps = tuple(STORY)
        self._weights = tuple(STORY.values())

    def strikes(self, fault: str, probability: float) -> bool:
        """Counts what it lets happen."""
        if not self.on or self.draw.random() >= probability:
            return False
        self.counts[fault] += 1
        return True

    def on_the_way(self) -> str | None:
        """What befalls one request; at most one thing."""
        if not self.on:
            return None
        drawn = self.draw.random()
        for fault, probability in ON_THE_WAY.items():
            drawn -= probability
            if drawn < 0:
                return fault
        return None

    def on_the_device(self, fault: str) -> bool:
        return self.strikes(fault, ON_THE_DEVICE[fault])

    def next_step(self) -> str:
        return self.draw.choices(self._steps, self._weights)[0]
