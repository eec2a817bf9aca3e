"""What somebody who holds a device finds: its whole disk profile, and all that a page can read."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from playwright.sync_api import Page
from pysqlite3 import dbapi2

DUMP: Final = """async () => {
  const found = []
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((done) => {
      const opening = indexedDB.open(name)
      opening.onsuccess = () => done(opening.result)
    })
    for (const store of db.objectStoreNames) {
      const all = await new Promise((done) => {
        const asked = db.transaction(store).objectStore(store).getAll()
        asked.onsuccess = () => done(asked.result)
      })
      for (const row of all) {
        found.push(JSON.stringify(row, (_, v) =>
          v instanceof Uint8Array || v instanceof ArrayBuffer ? new TextDecoder('latin1').decode(v)
          : v instanceof CryptoKey ? `key ${v.type} ${v.extractable}` : v))
      }
    }
    db.close()
  }
  for (const kept of [localStorage, sessionStorage]) {
    for (let at = 0; at < kept.length; at++) found.push(kept.key(at) + '=' + kept.getItem(kept.key(at)))
  }
  for (const name of await caches.keys()) {
    const kept = await (await caches.open(name)).keys()
    for (const asked of kept) found.push(`cached ${new URL(asked.url).pathname}`)
  }
  found.push(document.cookie, location.href, document.title, history.length + '', window.name)
  return found
}"""
PKCS8: Final = re.compile(
    rb"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01.{119}", re.DOTALL
)
SCALAR: Final = re.compile(rb"\x02\x01\x01\x04\x20(.{32})", re.DOTALL)


def readable(page: Page) -> list[str]:
    """All that script of this origin can get at, as whoever opens the developer's tools."""
    found: list[str] = page.evaluate(DUMP)
    return found


def private_keys(profile: Path) -> Iterator[ec.EllipticCurvePrivateKey]:
    """Keys that lie in the profile's files as they are, whatever a page may do with them."""
    seen = set[bytes]()
    for file in profile.rglob("*"):
        if not file.is_file() or file.is_symlink():
            continue
        raw = file.read_bytes()
        for found in PKCS8.findall(raw):
            if found not in seen:
                seen.add(found)
                try:
                    key = load_der_private_key(found, password=None)
                except ValueError:
                    continue
                if isinstance(key, ec.EllipticCurvePrivateKey):
                    yield key
        for scalar in SCALAR.findall(raw):
            if scalar not in seen:
                seen.add(scalar)
                try:
                    yield ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
                except ValueError:
                    continue


def history(profile: Path) -> list[tuple[Any, ...]]:
    """Addresses and titles, as the browser's own page of history shows them."""
    with closing(dbapi2.connect(profile / "Default" / "History")) as opened:
        return list(opened.execute("SELECT url, title FROM urls"))


def texts(profile: Path, *names: str) -> dict[str, bytes]:
    """Raw bytes of the parts of a profile that another person looks through."""
    found = {}
    for name in names:
        place = profile / "Default" / name
        files = [place] if place.is_file() else sorted(place.rglob("*")) if place.is_dir() else []
        for file in files:
            if file.is_file():
                found[str(file.relative_to(profile))] = file.read_bytes()
    return found
