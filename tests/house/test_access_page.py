"""The page about who may see what says what the function says."""

from click.testing import CliRunner

from house.source import ROOT
from waymark.cli.access import matrix


def test_the_page_in_docs_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(matrix)

    kept = printed.stdout == (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    assert kept, "make it again: waymark access matrix > docs/access.md"
