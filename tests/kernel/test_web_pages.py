"""Pages: in memory, in the best coding the browser takes."""

import gzip
from pathlib import Path

from waymark.kernel.web.pages import read_pages


def test_best_coding_that_the_browser_takes(tmp_path: Path) -> None:
    script = "const answer = 42\n" * 200
    (tmp_path / "app.js").write_text(script)
    (tmp_path / "app.js.br").write_bytes(b"brotli bytes")
    page = read_pages(tmp_path)["/app.js"]

    assert page.best("gzip, deflate, br") == ("br", b"brotli bytes")
    assert page.best("gzip;q=1.0, br;q=0")[0] == "gzip"
    assert gzip.decompress(page.best("gzip")[1]).decode() == script
    assert page.best("")[0] == "identity"
    assert page.best("identity")[1].decode() == script


def test_packed_files_and_maps_have_no_address(tmp_path: Path) -> None:
    for name in ("app.js", "app.js.br", "app.js.gz", "app.js.map"):
        (tmp_path / name).write_text("x")

    assert list(read_pages(tmp_path)) == ["/app.js"]
