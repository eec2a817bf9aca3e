"""What a device says of itself with each push: how the service notices that something never came."""

from .world import HOUR_MS, World

MADE_MS = 1_767_323_040_000  # of the first report of a world: 2026-01-02T03:04:00Z


def test_a_push_tells_how_the_device_stands(world: World) -> None:
    world.now_ms = 1_767_323_105_000 + 2 * HOUR_MS  # two hours and a few seconds after the first was made
    world.report(2)

    world.client.drain()

    told = world.service.told
    assert told is not None
    assert (told.max_seq, told.queued, told.device_time, told.storage) == (2, 2, world.now_ms, "durable")
    assert told.oldest_age_s == (world.now_ms - MADE_MS) // 1_000
