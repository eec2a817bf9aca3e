"""T12, what is delivered to us and what we let slip: lock files, secrets, other origins, two builds."""

import base64
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Final

from attacks.attempts import LONG, Attempts
from attacks.prey import Prey
from house.source import ROOT, tracked
from journeys.conftest import BUILT

SECRETS: Final = {
    "a private key": re.compile(
        rb"-----BEGIN (?:RSA |EC |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\n[A-Za-z0-9+/]{40}"
    ),
    "a cloud key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a forge's token": re.compile(rb"\b(?:ghp|gho|ghs|glpat|github_pat)[_-][A-Za-z0-9_]{20,}"),
    "a web token": re.compile(rb"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    "a password in an address": re.compile(
        rb"://[A-Za-z0-9_]+:(?!PASSWORD|SECRET|s3cret@|canary@|x@|\*|\$|\{|secret@|pass@)[^@\s/\"'<>]{6,}@[a-z]"
    ),
    "a webhook": re.compile(rb"hooks\.slack\.com/services/T[A-Z0-9]+"),
}
ELSEWHERE: Final = re.compile(rb"https?://(?!localhost|127\.0\.0\.1)[a-z0-9.-]+\.[a-z]{2,}", re.IGNORECASE)
LOADED: Final = re.compile(rb"(?:src|href|action|poster|data)=[\"'](?:https?:)?//", re.IGNORECASE)
URLS: Final = re.compile(rb"url\([\"']?(?:https?:)?//")
REQUIREMENT: Final = re.compile(r"^([a-z0-9][a-z0-9._-]*)(\[[a-z0-9,._-]+\])?==\S+ \\$", re.IGNORECASE)


def test_every_package_is_one_that_was_chosen(attempts: Attempts) -> None:
    """Pinned by version and by hash, in both lists; nothing from an address, a folder or a branch."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    named = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    assert len(named) > 30, "there is a list"
    for line in named:
        attempts.tried(line, got=not REQUIREMENT.match(line), back=line)
    blocks = re.split(r"\n(?=[a-z0-9])", text, flags=re.IGNORECASE)
    for block in blocks:
        if "==" in block.partition("\n")[0]:
            attempts.tried(block.partition(" ")[0], got="--hash=sha256:" not in block)
    for folder in ("pwa", "tests/speed/lighthouse"):
        lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))
        for name, package in lock["packages"].items():
            if not name or package.get("link"):
                continue
            attempts.tried(f"{folder}: {name}", got=not package.get("integrity", "").startswith("sha512-"))
            attempts.tried(f"{folder}: {name} from elsewhere", got="resolved" in package, back=package)
            attempts.tried(f"{folder}: {name} by a branch", got="git" in str(package.get("version", "")))


def test_nothing_runs_when_a_package_is_put_in(attempts: Attempts) -> None:
    """Scripts that packages of the pages would run on being installed, beside those that are known."""
    known = {"node_modules/esbuild", "node_modules/fsevents", "node_modules/@parcel/watcher"}
    lock = json.loads((ROOT / "pwa" / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        attempts.tried(name, got=package.get("hasInstallScript") and name not in known)
    own = json.loads((ROOT / "pwa" / "package.json").read_text(encoding="utf-8")).get("scripts", {})
    for hook in ("preinstall", "install", "postinstall", "prepare"):
        attempts.tried(hook, got=hook in own, back=own.get(hook))


def test_no_secret_lies_in_the_repository(attempts: Attempts) -> None:
    """Every file that is kept: keys, tokens, passwords in addresses."""
    for file in tracked():
        raw = file.read_bytes()
        name = str(file.relative_to(ROOT))
        for what, form in SECRETS.items():
            found = form.search(raw) if not name.startswith("tests/attacks/test_t12") else None
            attempts.tried(f"{what} in {name}", got=found and found[0][:60])
        attempts.tried(name, got=re.search(r"\.(pem|p12|pfx|jks|env|sqlite3?|db|key)$", name), back=name)


def test_the_pages_ask_nobody_else(prey: Prey, attempts: Attempts) -> None:
    """Every file that browsers are given: nothing is loaded from another origin, and no map of the source."""
    files = [file for file in (BUILT / "pages").rglob("*") if file.is_file()]
    assert len(files) > 20, "there are pages"
    for file in files:
        raw = file.read_bytes()
        name = file.name
        if file.suffix in {".html", ".css", ".webmanifest", ".svg"}:
            found = [*LOADED.findall(raw), *URLS.findall(raw)]
            attempts.tried(f"{name} loads from elsewhere", got=found)
        if file.suffix == ".js":
            loads = re.findall(rb"(?:import\(|importScripts\(|fetch\()[\"'`](?:https?:)?//[^\"'`]+", raw)
            attempts.tried(f"{name} loads from elsewhere", got=loads)
            attempts.tried(f"{name} makes code of text", got=re.search(rb"\beval\(|new Function\(", raw))
        attempts.tried(f"{name} is a map", got=file.suffix == ".map" or b"sourceMappingURL=" in raw)
    policy = prey.http.get("/").headers["content-security-policy"]
    attempts.tried("the policy names another origin", got=ELSEWHERE.search(policy.encode()), back=policy)
    attempts.tried(
        "the policy lets code be made", got="'unsafe-eval'" in policy or "'unsafe-inline'" in policy
    )


def test_the_pages_served_are_the_pages_built(prey: Prey, attempts: Attempts) -> None:
    """Each file as it comes over the wire, against the folder; and names that lead out of the folder."""
    for file in sorted((BUILT / "pages" / "assets").iterdir())[: None if LONG else 25]:
        if file.suffix in {".br", ".gz"}:
            continue
        answer = prey.http.get(f"/assets/{file.name}", headers={"Accept-Encoding": "identity"})
        attempts.tried(file.name, got=answer.content != file.read_bytes(), back=answer.status_code)
    for odd in (
        "../requirements.txt",
        "..%2fdesk.html",
        "%2e%2e/build.json",
        "....//build.json",
        "..\\build.json",
        "%00",
        ".env",
    ):
        answer = prey.http.get(f"/assets/{odd}")
        attempts.tried(
            odd, got=answer.status_code == 200 and b'"root"' in answer.content, back=answer.text[:80]
        )


def test_nothing_for_developers_is_served(prey: Prey, attempts: Attempts) -> None:
    """Descriptions, metrics, consoles, maps, settings and folders that such services often leave open."""
    for path in (
        *(
            "/schema",
            "/schema/openapi.json",
            "/openapi.json",
            "/docs",
            "/redoc",
            "/swagger",
            "/metrics",
            "/debug",
        ),
        *("/.git/config", "/.env", "/requirements.txt", "/pyproject.toml", "/package.json", "/server-status"),
        *("/waymark.db", "/data/waymark.db", "/keys/root.pem", "/backups/", "/assets/", "/admin", "/console"),
        *("/desk/api", "/desk/api/audit", "/desk/api/users", "/health", "/stats", "/trace", "/actuator/env"),
    ):
        for client in (prey.http, prey.person("admin")):
            answer = client.get(path)
            attempts.tried(path, got=answer.status_code == 200, back=answer.text[:200])
    answer = prey.http.get("/desk/api/reports/%ff")
    attempts.tried("a fault tells of the code", got="Traceback" in answer.text or ".py" in answer.text)


def test_the_process_knows_no_secret_of_ours(prey: Prey, attempts: Attempts) -> None:
    """Environment, arguments and open files of the served process, as another program sees them."""
    place = Path(f"/proc/{prey.server.pid}")
    told = (place / "cmdline").read_bytes()
    try:
        told += (place / "environ").read_bytes()
    except PermissionError:
        attempts.tried("its environment", got=False, back="refused")
    for key in (prey.folder / "keys").iterdir():
        if key.suffix in {".key", ".pem"}:
            secret = b"".join(key.read_bytes().strip().splitlines()[:2][-1:])
            attempts.tried(f"{key.name} in its environment", got=secret in told)


def test_built_twice_it_is_the_same(attempts: Attempts, tmp_path: Path) -> None:
    """The pages built again from the same source, in another folder: every byte the same."""
    first = _digest(BUILT / "pages")
    assert first, "there are pages"
    if not LONG:
        attempts.tried("the manifest of the build", got=not (BUILT / "pages" / "build.json").exists())
        return
    environ = {
        **os.environ,
        "WAYMARK_TRUST": str(BUILT / "trust.json"),
        "WAYMARK_PWA_OUT": str(tmp_path / "pages"),
    }
    subprocess.run(
        ["node_modules/.bin/vite", "build", "--logLevel", "error"], cwd=ROOT / "pwa", env=environ, check=True
    )
    second = _digest(tmp_path / "pages")
    for name in first | second:
        attempts.tried(name, got=first.get(name) != second.get(name))


def _digest(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
        for file in folder.rglob("*")
        if file.is_file()
    }
