"""What the documents say is there, and nothing in the repository speaks of the place where it was written."""

import re
from collections.abc import Iterator

import click
import pytest

from house.source import ROOT, tracked
from waymark.cli import group
from waymark.kernel.settings import NAMES

README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT_BYTES_MAX = 1_000_000

# In halves, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one workplace": ("/wo" + "rk/", "/ro" + "ot/", "bash" + "_jobs"),
    "an address to download from": ("pypi" + ".org", "npmjs" + ".org", "files.python" + "hosted"),
    "a switch to another registry": ("--index" + "-url", "--extra-index" + "-url"),
}


def commands(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, f"{path} {name}")
    else:
        yield path


@pytest.mark.parametrize("command", sorted(commands(group, "waymark")))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`{command}" in README


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_the_readme_names_no_command_that_is_not_there() -> None:
    known = set(commands(group, "waymark"))
    named = set(re.findall(r"`(waymark [a-z]+(?: [a-z]+)?)", README))

    assert {
        name for name in named if not any(c.startswith(name) or name.startswith(c) for c in known)
    } == set()


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)

    assert {"run", "test"} <= set(named)
    assert not [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_the_repository_does_not_hold(what: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}: {word}"
        for file in tracked()
        if file.stat().st_size < TEXT_BYTES_MAX
        for word in FORBIDDEN[what]
        if word.encode() in file.read_bytes()
    ]

    assert not found


def test_links_between_documents_lead_somewhere() -> None:
    for file in (f for f in tracked() if f.suffix == ".md"):
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8")):
            assert (file.parent / link).exists(), f"{file.relative_to(ROOT)} links to {link}"


def test_no_lock_file_of_another_tool() -> None:
    assert not [
        f for f in tracked() if f.name in {"uv" + ".lock", "poetry.lock", "yarn.lock", "pnpm-lock.yaml"}
    ]


def test_no_large_files() -> None:
    assert not [f for f in tracked() if f.stat().st_size >= TEXT_BYTES_MAX]
