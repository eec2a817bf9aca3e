"""Who looks after the service: keeps a few rolling backups, test-restores them, and restores one of them.

The policy: of the last BACKUPS_KEPT any may be restored, by the command or by copying the file back.
"""

from typing import Final

from waymark_sync import intake_rules
from waymark_sync.simulate import stand_ins
from waymark_sync.simulate.disk import Disk
from waymark_sync.simulate.faults import Chance
from waymark_sync.simulate.service import Service

BACKUPS_KEPT: Final = 3


class Operator:
    def __init__(self, service: Service, chance: Chance) -> None:
        self.service, self._chance = service, chance
        self.backups: list[Disk] = []

    def back_up(self) -> None:
        """The floor does not rise before `verify`: a backup that nobody has restored is a hope."""
        self.backups = [*self.backups, self.service.disk.copy()][-BACKUPS_KEPT:]

    def verify(self) -> None:
        """Test-restore every backup and compare it with what is stored."""
        if not self.backups:
            return
        disk, ablation = self.service.disk, self.service.ablation
        if ablation == "counted_floor":
            common = [backup.head for backup in self.backups]
        else:
            common = [intake_rules.common_pos(one.entries, disk.entries) for one in self.backups]
        lowest = max(common) if ablation == "newest_backup_purge" else intake_rules.restore_floor(common)
        disk.floor = min(lowest, disk.head)

    def restore(self, which: str) -> None:
        """By the command: a new lineage begins."""
        if not self.backups:
            return
        self._put_back(self._chosen(which))
        self._begin_lineage()

    def copy_back(self) -> None:
        """By hand, with all that is noted beside the database: nothing tells."""
        if self.backups:
            self._put_back(self._chosen("any"))

    def lose_log(self) -> None:
        """The database file without its log has gone back; the start notices, and a backup is restored."""
        self.service.disk = self.service.checkpoint.copy()
        if self.service.disk.head >= self.service.head_outside:
            return
        if self.backups:
            self.restore("newest")
        else:
            self.service.head_outside = self.service.disk.head
            self._begin_lineage()

    def move(self) -> None:
        """To another database server: everything is carried over, lineage and positions too."""
        self.service.disk = self.service.disk.copy()

    def _begin_lineage(self) -> None:
        self.service.disk.incarnation = stand_ins.uuid(self._chance.draw)
        self.service.disk.floor = 0
        self.service.ledger.carried_over(self.service.disk)

    def _chosen(self, which: str) -> Disk:
        if which == "oldest":
            return self.backups[0]
        if which == "newest":
            return self.backups[-1]
        return self._chance.draw.choice(self.backups)

    def _put_back(self, backup: Disk) -> None:
        self.service.disk = backup.copy()
        self.service.checkpoint = backup.copy()
        self.service.head_outside = backup.head
