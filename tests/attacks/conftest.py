"""One system under attack for each process that runs tests, and the judge of what was tried on it."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from attacks.attempts import LONG, Attempts
from attacks.prey import Prey, filled, make_server
from journeys.conftest import BUILT, phone, playwright
from support.push_service import PushService
from support.server import free_port
from waymark.kernel.backup_keys import create_backup_key
from waymark.kernel.keys import load_keys

__all__ = ["phone", "playwright"]

ATTEMPTS = pytest.StashKey[Attempts]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    put_off = [
        item for item in items if not LONG and "long_form" in getattr(item, "function", object).__dict__
    ]
    if put_off:
        config.hook.pytest_deselected(items=put_off)
        items[:] = [item for item in items if item not in put_off]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    result = yield
    if ATTEMPTS in pyfuncitem.stash:
        pyfuncitem.stash[ATTEMPTS].judge()
    return result


@pytest.fixture
def attempts(request: pytest.FixtureRequest) -> Attempts:
    made = Attempts(request.path.stem, request.node.name)
    request.node.stash[ATTEMPTS] = made
    return made


@pytest.fixture(scope="session")
def prey(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prey]:
    """With the keys whose root the built pages pin, so that browsers can be part of an attack."""
    folder = tmp_path_factory.mktemp("prey")
    assert (BUILT / "keys").is_dir(), f"there is no {BUILT / 'keys'}: run `make test-pages`"
    keys = folder / "keys"
    shutil.copytree(BUILT / "keys", keys, ignore=shutil.ignore_patterns("lineage"))
    create_backup_key(keys, folder / "backup-private.pem")
    ring = load_keys(keys)
    with PushService() as push:
        server = make_server(folder, migrated_sqlite, free_port(), push)
        made = Prey(folder, ring, push, server)
        filled(made).server.start()
        try:
            yield made.seed()
        finally:
            made.stop()
