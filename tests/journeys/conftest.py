"""Real browsers, the real server with its real pages, and a wire that can lose answers."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from journeys.phone import Phone
from journeys.wire import LossyWire
from support.served_opener import served_opener
from support.server import Server, free_port
from waymark.kernel.keys import KeyRing, load_keys
from waymark.kernel.vault import Vault, open_vault

BUILT = Path(__file__).parents[2] / "build" / "test"
PHONES = pytest.StashKey[list[Phone]]()
# For a page on a machine that is busy with other journeys: a limit for what never comes, not a measure.
expect.set_options(timeout=20_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A journey that failed says where its phones stood."""
    report = yield
    if report.failed and call.when == "call":
        for number, device in enumerate(item.stash.get(PHONES, [])):
            report.sections.append((f"phone {number}", device.story()))
    return report


@pytest.fixture(scope="session")
def keys() -> Path:
    """The keys whose root the tests' pages pin. Overrides the keys that other tests make for themselves."""
    return _built("keys")


@pytest.fixture(scope="session")
def pages() -> Path:
    return _built("pages")


# Made here again: pytest keeps what depends on an overridden fixture as whoever came first has made it.
@pytest.fixture(scope="session")
def ring(keys: Path) -> KeyRing:
    return load_keys(keys)


@pytest.fixture(scope="session")
def vault(keys: Path) -> Vault:
    return open_vault(keys)


@pytest.fixture(scope="session")
def opener_socket(keys: Path) -> Iterator[Path]:
    with served_opener(keys) as path:
        yield path


def _built(name: str) -> Path:
    folder = BUILT / name
    assert folder.is_dir(), f"there is no {folder}: run `make test-pages`"
    return folder


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    """For one journey: its driver runs an event loop, and no async test may find one running."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def peopled(keys: Path, pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data with demonstration people and centres, to be copied: that is quicker than making them."""
    folder = tmp_path_factory.mktemp("peopled")
    environ = {
        "WAYMARK_PROFILE": "test",
        "WAYMARK_DATA": str(folder / "data"),
        "WAYMARK_KEYS": str(keys),
        "WAYMARK_PWA": str(pages),
    }
    server = Server(environ, folder / "log")
    server.waymark("migrate")
    server.waymark("demo")
    return folder / "data"


@pytest.fixture
def demo(server: Callable[..., Server], peopled: Path) -> Server:
    """A running service with demonstration people and centres, and no reports but those a journey makes."""
    return server(peopled).start()


@pytest.fixture
def wired(server: Callable[..., Server], peopled: Path) -> Iterator[tuple[Server, LossyWire]]:
    """The same behind a wire: browsers open the wire's port."""
    port = free_port()
    with LossyWire(port) as wire:
        made = server(peopled, WAYMARK_PORT=str(port), WAYMARK_ORIGIN=f"http://localhost:{wire.port}")
        yield made.start(), wire


@pytest.fixture
def phone(
    playwright: Playwright, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Phone]]:
    """Make devices: `phone(origin)`; keyword arguments as for Phone. All are switched off at the end."""
    made: list[Phone] = []

    def make(origin: str, **settings: Any) -> Phone:
        profile = settings.pop("profile", tmp_path / f"profile-{len(made)}")
        made.append(Phone(playwright, profile, origin, **settings))
        return made[-1]

    request.node.stash[PHONES] = made
    yield make
    for device in made:
        device.off()
    broken = [violation for device in made for violation in device.violations]
    assert broken == [], "a page broke its own security policy or threw"
