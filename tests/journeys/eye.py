"""Looks at a page as axe does, at every size, light and dark, and at whether it scrolls sideways."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, expect

from journeys.phone import DESK, SMALL_PHONE, TABLET

AXE: Final = (Path(__file__).parents[2] / "pwa/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_LOOKS: Final = [
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
]
"""Rules that can fail at one size or in one scheme alone; the others judge the same document each time."""
SHOTS: Final = os.environ.get("WAYMARK_SHOTS")
"""A folder: every page that is looked at is also kept there as a picture."""
EVERY_SIZE: Final = (SMALL_PHONE, TABLET, DESK)


class Eye:
    """
    Looks at one page after another and remembers what was wrong. Where pictures are kept, every page is seen
    in every size, light and dark.
    """

    def __init__(
        self, page: Page, prefix: str, *, sizes: Sequence[dict[str, int]] = (SMALL_PHONE,), dark: bool = False
    ) -> None:
        self._page, self._prefix = page, prefix
        self._sizes = EVERY_SIZE if SHOTS else tuple(sizes)
        self._schemes = ("light", "dark") if dark or SHOTS else ("light",)
        self.wrong: list[str] = []
        self._seen = 0

    def __call__(self, name: str) -> None:
        expect(self._page.get_by_role("heading", level=1)).to_have_count(1)
        self._seen += 1
        self._page.evaluate(AXE)
        first, own = True, self._page.viewport_size
        for scheme in self._schemes:
            self._page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            # A tablet in the dark shows no colour and no line break that neither neighbour has.
            for size in self._sizes if scheme == "light" or SHOTS else self._sizes[::2]:
                self._page.set_viewport_size(size)  # type: ignore[arg-type]
                self._look(name, f"{size['width']}-{scheme}", whole=first)
                first = False
        self._page.emulate_media(color_scheme="light")
        if own is not None:
            self._page.set_viewport_size(own)

    def _look(self, name: str, how: str, *, whole: bool) -> None:
        self._page.evaluate("() => document.getAnimations().forEach(each => each.finish())")
        asked = TAGS if whole else OF_LOOKS
        found: dict[str, Any] = self._page.evaluate(
            "rules => axe.run({runOnly: rules, resultTypes: ['violations']})", asked
        )
        self.wrong += [
            f"{name} {how}: {violation['id']}: {node['html'][:120]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
        wide = self._page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            self.wrong.append(f"{name} {how}: scrolls sideways by {wide} px")
        if SHOTS:
            self._page.screenshot(
                path=f"{SHOTS}/{self._prefix}-{how}-{self._seen:02d}-{name}.png", full_page=True
            )
