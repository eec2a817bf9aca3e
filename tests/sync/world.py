"""One enrolled device, its service, and a clock that stands still until told."""

from waymark_sync.client import Client
from waymark_sync.device import Device, capture, enrol
from waymark_sync.outbox import Outbox
from waymark_sync.protocol import SignedKeySet
from waymark_sync.report import Answers, Capture, LimitsAcknowledged, ReportBody, When
from waymark_sync.seal import raw_public

from .service import ROOT, Service, key_set

HOUR_MS = 3_600_000


class World:
    """One enrolled device, its service, and a clock that stands still until told."""

    def __init__(self, outbox: Outbox, service: Service, device: Device | None = None) -> None:
        self.outbox, self.service, self.now_ms = outbox, service, 1_000_000
        self.device = device or enrol("7KQ2-M9XD-4F", service)
        self.service.signers[self.device.device_id] = raw_public(self.device.sign_key)
        self.client = self.another(outbox)

    def another(self, outbox: Outbox, pinned: SignedKeySet | None = None) -> Client:
        return Client(
            outbox=outbox,
            device=self.device,
            transport=self.service,
            root=raw_public(ROOT),
            now_ms=lambda: self.now_ms,
            random=lambda: 0.5,
            pinned=pinned or key_set(),
        )

    def report(self, count: int = 1) -> list[str]:
        keys = self.client.keyring.keys()
        assert keys is not None
        return [
            capture(
                self.outbox, self.device, keys, report=body, created_at=f"2026-01-02T03:04:{n:02}.000Z"
            ).item_id
            for n in range(count)
        ]

    def states(self) -> list[str]:
        return [row.state for row in self.outbox.items()]

    def later(self, hours: float = 30) -> None:
        self.now_ms += int(hours * HOUR_MS)


def body(item_id: str) -> ReportBody:
    return ReportBody(
        item_id=item_id,
        form_version="1",
        policy_version="1",
        app_build="t",
        capture=Capture(channel="centre_tablet"),
        centre_id="c",
        ui_language="en",
        started_at="2026-01-02T03:00:00.000Z",
        completed_at="2026-01-02T03:04:00.000Z",
        answers=Answers(
            confidentiality_limits_ack=LimitsAcknowledged(at="2026-01-02T03:00:30.000Z", text_version="1"),
            reporter_role="witness",
            narrative_original="They shouted.",
            when=When(precision="dont_know"),
            sharing_choice="P3",
        ),
    )
