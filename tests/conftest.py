"""Fixtures that several folders of tests share: both engines, keys, pages, the app, the served process."""

import gc
import hashlib
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from litestar import Litestar
from litestar.testing import AsyncTestClient

from support.apart import apart
from support.ledger import Ledger
from support.postgres import Cluster
from support.served_opener import served_opener
from support.server import Server, free_port
from waymark.app import create_app
from waymark.kernel.db import Database, Engine, open_database
from waymark.kernel.holders import make_holders
from waymark.kernel.keys import KeyRing, create_keys, load_keys
from waymark.kernel.migrate import MAKE_BLOB, migrate
from waymark.kernel.settings import Settings
from waymark.kernel.vault import Vault, open_vault
from waymark_sync.policy import holder_names, load_pack

ORIGIN = "https://waymark.test"
"""Of `client`. Encrypted, or a cookie jar would not send a Secure cookie back."""


# A property is never failed by a slow machine. `make prove` tries 50 times as many examples.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile("prove", deadline=None, print_blob=True, max_examples=5_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys first: they take longest, so the other workers have something to do meanwhile."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def pytest_collection_finish() -> None:
    """What thousands of tests were made of lives to the end: the collector need not look at it each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL for the whole run. Missing binaries fail the run; nothing is skipped."""
    cluster = Cluster()
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    apart(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(cluster: Cluster) -> str:
    """The name of a database to use as template."""
    apart(_migrate(cluster.create("migrated")))
    return "migrated"


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Both, unless a test asks for one: `@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)`."""
    chosen: Engine = request.param
    return chosen


@pytest.fixture
def blank_url(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without a single table. `blank` has the one domain that tables are written with."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank' / 'waymark.db'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"blank_{uuid4().hex}"
    yield cluster.create(name)
    cluster.drop(name)


@pytest.fixture
async def blank(blank_url: str) -> AsyncIterator[Database]:
    database = await open_database(blank_url)
    await database.write(lambda db: db.execute(MAKE_BLOB))
    yield database
    await database.close()


@pytest.fixture
def servers() -> list[Server]:
    """Those that the test has made. Whoever takes their database away stops them first."""
    return []


@pytest.fixture
def templates() -> dict[Engine, str]:
    """The fixture that names what a test's own database is copied from. A folder may have richer ones."""
    return {"sqlite": "migrated_sqlite", "postgres": "migrated_postgres"}


@pytest.fixture
def database_url(
    engine: Engine,
    tmp_path: Path,
    servers: list[Server],
    templates: dict[Engine, str],
    request: pytest.FixtureRequest,
) -> Iterator[str]:
    """A migrated database of the test's own."""
    template = request.getfixturevalue(templates[engine])
    if engine == "sqlite":
        yield f"sqlite:///{_copied(template, tmp_path / 'data')}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"test_{uuid4().hex}"
    yield cluster.create(name, template=template)
    for server in servers:
        server.stop()
    cluster.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of keys, made once."""
    folder = tmp_path_factory.mktemp("service") / "keys"
    create_keys(folder, issued_at=1_767_225_600_000, centres=sorted(load_pack().centre_ids))
    make_holders(folder, holder_names(load_pack()))
    return folder


@pytest.fixture(scope="session")
def ring(keys: Path) -> KeyRing:
    return load_keys(keys)


@pytest.fixture(scope="session")
def vault(keys: Path) -> Vault:
    return open_vault(keys)


@pytest.fixture(scope="session")
def pages(ring: KeyRing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The least that passes for built pages: real ones are the journeys' business."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "assets").mkdir()
    for name in ("index", "desk", "leaving"):
        (folder / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>", encoding="utf-8")
    (folder / "sw.js").write_text("// service worker", encoding="utf-8")
    root = hashlib.sha256(ring.root_public).hexdigest()
    (folder / "build.json").write_text(json.dumps({"version": "test", "root": root}), encoding="utf-8")
    (folder / "assets" / "main-0a1b2c3d.js").write_text("// padding\n" * 200, encoding="utf-8")
    (folder / "assets" / "outbox.worker-0a1b2c3d.js").write_text("// worker", encoding="utf-8")
    return folder


@pytest.fixture
def settings(database_url: str, keys: Path, pages: Path, tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    return Settings(
        profile="test",
        origin=ORIGIN,
        data=data,
        database_url=database_url,
        keys=keys,
        pwa=pages,
        second_factor="offered",
    )


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[AsyncTestClient[Litestar]]:
    """The real application, with its database, its keys and its jobs."""
    app = create_app(settings)
    ledger = Ledger(app)
    async with AsyncTestClient(app=app, base_url=settings.origin) as client:
        yield client
    await ledger.compare(settings.database_url)


@pytest.fixture(scope="session")
def staffed(keys: Path, pages: Path, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data with demonstration people and centres and no report, for `server(staffed)`."""
    folder = tmp_path_factory.mktemp("staffed")
    environ = {
        "WAYMARK_PROFILE": "test",
        "WAYMARK_DATA": str(folder / "data"),
        "WAYMARK_KEYS": str(keys),
        "WAYMARK_PWA": str(pages),
    }
    _copied(migrated_sqlite, folder / "data")
    Server(environ, folder / "log").waymark("demo", "--no-reports")
    return folder / "data"


@pytest.fixture(scope="session")
def opener_socket(keys: Path) -> Iterator[Path]:
    """A real opener for all served services of these keys: starting one for each would cost each a second."""
    with served_opener(keys) as path:
        yield path


@pytest.fixture
def server(
    keys: Path,
    pages: Path,
    tmp_path: Path,
    servers: list[Server],
    migrated_sqlite: Path,
    opener_socket: Path,
) -> Iterator[Callable[..., Server]]:
    """Make servers: `server()`, or `server(WAYMARK_DATABASE_URL=..., WAYMARK_KEYS=..., WAYMARK_PWA=...)`.

    The database is migrated, or that of the data folder `filled`, and the server not started yet. All are
    stopped when the test ends.
    """

    def make(filled: Path | None = None, **environ: str) -> Server:
        folder = tmp_path / f"server-{len(servers)}"
        defaults = {
            "WAYMARK_PROFILE": "test",
            "WAYMARK_PORT": str(free_port()),
            "WAYMARK_DATA": str(folder),
            "WAYMARK_KEYS": str(keys),
            "WAYMARK_PWA": str(pages),
            # Of other keys, a service starts its own.
            **({} if "WAYMARK_KEYS" in environ else {"WAYMARK_OPENER": str(opener_socket)}),
        }
        servers.append(Server({**defaults, **environ}, tmp_path / f"server-{len(servers)}.log"))
        if filled is not None:
            shutil.copytree(filled, folder)
        elif url := environ.get("WAYMARK_DATABASE_URL"):
            folder.mkdir(mode=0o700)
            apart(_migrate(url))
        else:
            _copied(migrated_sqlite, folder)
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


async def _migrate(url: str) -> None:
    database = await open_database(url)
    await migrate(database)
    await database.close()


def _copied(template: Path, folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return Path(shutil.copy(template, folder / "waymark.db"))
