"""Who may import whom, what is installed, and what is generated."""

import json
import re
import subprocess
import sys
import tomllib

import pytest

from house.source import ROOT
from waymark.kernel.migrate import shipped
from waymark.kernel.problems import CATALOGUE, ProblemKind
from waymark_sync.typescript import render

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHECKSUMS = ROOT / "tests" / "house" / "migrations.sha256"


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_generated_typescript_is_fresh() -> None:
    generated = ROOT / "pwa" / "src" / "sync" / "protocol.generated.ts"

    assert generated.read_text(encoding="utf-8") == render(), (
        f"run: python -m waymark_sync.typescript {generated.relative_to(ROOT)}"
    )


def test_the_sync_library_alone_brings_no_web_framework() -> None:
    base = " ".join(PROJECT["project"]["dependencies"]).lower()

    for heavy in ("litestar", "uvicorn", "aiosqlite", "psycopg", "click"):
        assert heavy not in base


def test_the_sync_library_imports_without_the_service() -> None:
    names = [f.stem for f in (ROOT / "sync" / "waymark_sync").glob("*.py") if f.stem != "__init__"]
    imports = "; ".join(f"import waymark_sync.{name}" for name in names)
    check = "assert not {'litestar', 'waymark', 'aiosqlite', 'psycopg'} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", f"import sys; {imports}; {check}"], check=True)


def test_every_requirement_is_pinned_with_hashes() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    logical = text.replace("\\\n", " ").splitlines()
    lines = [line for line in logical if line.strip() and not line.strip().startswith("#")]

    assert len(lines) > 30
    for line in lines:
        assert re.match(r"[A-Za-z0-9._-]+==\S+ ", line), f"not pinned: {line[:60]}"
        assert "--hash=sha256:" in line, f"no hash: {line[:60]}"


def test_every_dependency_is_in_the_pinned_list() -> None:
    pinned = set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    groups = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    asked = {re.split(r"[\[<>=]", need)[0] for group in groups for need in group}

    assert asked <= pinned


def test_the_lock_of_the_pages_names_no_address() -> None:
    lock = json.loads((ROOT / "pwa" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name and not entry.get("link")}

    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if not entry.get("integrity")]


def test_migrations_are_numbered_without_gaps() -> None:
    assert [m.number for m in shipped()] == list(range(1, len(shipped()) + 1))


def test_shipped_migrations_never_change() -> None:
    """A new one adds its line here; a line that is here stays as it is."""
    now = "".join(f"{m.sha256}  {m.number:04d}_{m.name}.sql\n" for m in shipped())

    assert CHECKSUMS.read_text(encoding="utf-8") == now


@pytest.mark.parametrize("kind", list(CATALOGUE.values()), ids=list(CATALOGUE))
def test_every_problem_says_what_to_do(kind: ProblemKind) -> None:
    assert re.fullmatch(r"[a-z_]+", kind.code)
    assert 400 <= kind.status < 600
    assert len(kind.title.split()) >= 3
    assert len(kind.next.split()) >= 4
    assert kind.next.endswith(".")


def test_every_problem_that_is_raised_is_in_the_catalogue() -> None:
    raised = set()
    for file in (ROOT / "backend").rglob("*.py"):
        raised |= set(re.findall(r"\bproblem\(\s*\"(\w+)\"", file.read_text(encoding="utf-8")))

    assert raised <= set(CATALOGUE)
