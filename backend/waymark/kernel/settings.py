"""What an operator can set: one Struct, read once at start from WAYMARK_* and never changed afterwards.

Reading checks the values themselves. What needs the disk or the database is checked in `checks`.
Nothing printed from here holds a secret.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, cast, get_args
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from waymark.kernel.eol import EndOfLife, read_eol

HOST: Final = "127.0.0.1"
"""The service listens here and nowhere else; what faces a network is the operator's TLS proxy."""

Profile = Literal["demo", "production", "test"]
SecondFactor = Literal["required", "offered"]
Retention = Literal["review", "erase"]

NAMES: Final[Mapping[str, str]] = {
    "WAYMARK_PROFILE": "demo, production or test",
    "WAYMARK_PORT": "loopback port to listen on",
    "WAYMARK_ORIGIN": "the one origin that browsers open",
    "WAYMARK_DATA": "folder of the database and, unless set apart, of the keys",
    "WAYMARK_DATABASE_URL": "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
    "WAYMARK_KEYS": "folder of the keys; keep it out of every backup of the data",
    "WAYMARK_OPENER": "sockets of what opens reports, a colon between; unset: the service starts its own",
    "WAYMARK_PWA": "folder of the built pages",
    "WAYMARK_STAGE_PORT": "loopback port of the demonstration's split page; only with the demo profile",
    "WAYMARK_BACKUPS": "folder that `waymark backup` writes to; another disk is better",
    "WAYMARK_BACKUP_KEEP": "how many backups are kept and may be restored",
    "WAYMARK_BACKUP_KEEP_DAYS": "and for how many days at most",
    "WAYMARK_INTAKE_LOG": "folder on another disk that everything taken in is written to, too; unset: none",
    "WAYMARK_AUDIT_CHECKPOINTS": "folder on another machine that signed checkpoints of the audit trail go to",
    "WAYMARK_PUSH_HOSTS": "push services that may be knocked at, separated by spaces or commas",
    "WAYMARK_PUSH_CONTACT": "mailto: or https: address that push services can complain to",
    "WAYMARK_CLIENT_HEADER": "header in which your proxy, and it alone, names the one address that asks",
    "WAYMARK_SECOND_FACTOR": "whether a password alone opens no desk: required, or in demonstrations offered",
    "WAYMARK_RETENTION": "review: people decide what goes; erase: what nobody needs goes at its end",
    "WAYMARK_BALLAST_MB": "room on the disk of the data that is kept for erasing when it is full; 0: none",
    "WAYMARK_SOFT_EOL": "builds of the app that should be renewed: BUILDS DAY [URL]",
    "WAYMARK_HARD_EOL": "builds of the app that make no new reports from that day on: BUILDS DAY [URL]",
    "WAYMARK_HOST": "always 127.0.0.1; anything else is refused",
}
BUILD_NAMES: Final = frozenset({"WAYMARK_TRUST", "WAYMARK_PWA_OUT"})
"""Read by the build of the pages, never by the service."""

BACKUP_KEEP: Final = 48
BACKUP_KEEP_DAYS: Final = 30  # what has been erased is still in older backups for so long

BALLAST_MB: Final[Mapping[str, int]] = {"production": 256, "demo": 16, "test": 1}
BALLAST_MB_MAX: Final = 480  # photos and files stop at 512 free, so they cannot take what was released

PUSH_HOSTS: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_PUSH_HOST: Final = re.compile(rf"(\*\.)?({_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
LOOPBACK_PUSH: Final = re.compile(r"(localhost|127\.0\.0\.1):[1-9][0-9]{0,4}")
"""A push service of a test or a demonstration. It needs a port, and is spoken to without TLS."""
_CONTACT: Final = re.compile(r"(mailto:[^\s@<>\"]+@[^\s@<>\"]+|https://[^\s<>\"]+)")

_HEADER: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")

_SCHEMES = ("sqlite", "postgresql", "postgres")


class SettingsRefused(Exception):
    """One or more settings are wrong or unsafe. Each reason says what to do instead."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that differs between two installations."""

    profile: Profile = "demo"
    port: int = 8000
    origin: str = "http://localhost:8000"
    """Scheme, host and port exactly as the address bar shows them, without a final slash."""
    data: Path = Path("data")
    database_url: str = "sqlite:///data/waymark.db"
    """Never log this: it may hold a password. `masked_database_url` is for people."""
    keys: Path = Path("data/keys")
    openers: tuple[Path, ...] = ()
    """Sockets, the service's own first. None: the keys are in the folder."""
    pwa: Path = Path("pwa/dist")
    backups: Path = Path("data/backups")
    backup_keep: int = BACKUP_KEEP
    backup_keep_days: int = BACKUP_KEEP_DAYS
    intake_log: Path | None = None
    audit_checkpoints: Path | None = None
    push_hosts: tuple[str, ...] = PUSH_HOSTS
    """Exact names; `*.` stands for one label."""
    push_contact: str = ""
    client_header: str = ""
    """In small letters. Empty: nobody's address is known, because everything comes from the proxy."""
    second_factor: SecondFactor = "required"
    """`offered`: a password alone opens the desk, of whoever has set up nothing else."""
    retention: Retention = "review"
    ballast_mb: int = 0
    soft_eol: EndOfLife | None = None
    hard_eol: EndOfLife | None = None
    """What waits on such a build is taken all the same."""
    stage_port: int | None = None
    """Set, and in the demo profile alone: the split page on this port may hold our pages in frames."""

    @property
    def second_factor_required(self) -> bool:
        return self.second_factor == "required"

    @property
    def stage_origin(self) -> str | None:
        return f"http://localhost:{self.stage_port}" if self.stage_port and self.profile == "demo" else None

    @property
    def stage_address(self) -> str:
        """Where the split page is when it runs: the next port, unless another one is set."""
        return f"http://localhost:{self.stage_port or self.port + 1}"

    @property
    def device_ports(self) -> tuple[int, ...]:
        """Of the split page's phone and tablet: a port each, so that each keeps what it saves to itself.

        Names such as phone.localhost would be another site to a browser, which gives a frame of another site
        no storage. A port is another origin of the same site.
        """
        return (self.stage_port + 1, self.stage_port + 2) if self.stage_port and self.stage_origin else ()

    @property
    def host_names(self) -> frozenset[str]:
        """What the Host header of a request may say."""
        return frozenset({self.host_name, *(f"localhost:{port}" for port in self.device_ports)})

    @property
    def origins(self) -> frozenset[str]:
        """Whose pages are ours."""
        return frozenset({self.origin, *(f"http://localhost:{port}" for port in self.device_ports)})

    @property
    def host_name(self) -> str:
        """Of the one origin: what the Host header says."""
        return urlsplit(self.origin).netloc

    @property
    def push_sender(self) -> str:
        """Whom a push service can turn to; without a contact of its own, the installation's address."""
        own = self.origin if self.encrypted_in_transit else "mailto:operator@localhost"
        return self.push_contact or own

    @property
    def encrypted_in_transit(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def masked_database_url(self) -> str:
        return mask_password(self.database_url)

    @property
    def sqlite_path(self) -> Path | None:
        """None on PostgreSQL."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path) if scheme == "sqlite" else None


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises SettingsRefused with every reason at once, so that one start shows them all."""
    data = Path(environ.get("WAYMARK_DATA") or "data").absolute()
    (soft_eol, soft_wrong), (hard_eol, hard_wrong) = _eol(environ, "SOFT"), _eol(environ, "HARD")
    port = _port(environ.get("WAYMARK_PORT") or "8000")
    settings = Settings(
        profile=cast(Profile, environ.get("WAYMARK_PROFILE") or "demo"),
        port=port,
        origin=(environ.get("WAYMARK_ORIGIN") or f"http://localhost:{port}").rstrip("/"),
        data=data,
        database_url=environ.get("WAYMARK_DATABASE_URL") or f"sqlite:///{data / 'waymark.db'}",
        keys=Path(environ.get("WAYMARK_KEYS") or data / "keys").absolute(),
        openers=tuple(Path(at).absolute() for at in environ.get("WAYMARK_OPENER", "").split(":") if at),
        pwa=Path(environ.get("WAYMARK_PWA") or "pwa/dist").absolute(),
        backups=Path(environ.get("WAYMARK_BACKUPS") or data / "backups").absolute(),
        backup_keep=_count(environ.get("WAYMARK_BACKUP_KEEP") or str(BACKUP_KEEP)),
        backup_keep_days=_count(environ.get("WAYMARK_BACKUP_KEEP_DAYS") or str(BACKUP_KEEP_DAYS)),
        intake_log=Path(log).absolute() if (log := environ.get("WAYMARK_INTAKE_LOG")) else None,
        audit_checkpoints=Path(at).absolute() if (at := environ.get("WAYMARK_AUDIT_CHECKPOINTS")) else None,
        push_hosts=tuple(environ.get("WAYMARK_PUSH_HOSTS", "").replace(",", " ").split()) or PUSH_HOSTS,
        push_contact=environ.get("WAYMARK_PUSH_CONTACT", ""),
        client_header=environ.get("WAYMARK_CLIENT_HEADER", "").lower(),
        second_factor=cast(SecondFactor, environ.get("WAYMARK_SECOND_FACTOR") or _usual(environ)),
        retention=cast(Retention, environ.get("WAYMARK_RETENTION") or "review"),
        ballast_mb=_room(environ),
        soft_eol=soft_eol,
        hard_eol=hard_eol,
        stage_port=_port(environ["WAYMARK_STAGE_PORT"]) if environ.get("WAYMARK_STAGE_PORT") else None,
    )
    wrong = (*soft_wrong, *hard_wrong)
    if reasons := (*_refusals(settings), *wrong, *_name_refusals(environ, settings.profile)):
        raise SettingsRefused(reasons)
    return settings


def shown(settings: Settings) -> dict[str, str]:
    """Every setting by its variable, safe to print."""
    return {
        "WAYMARK_PROFILE": settings.profile,
        "WAYMARK_PORT": str(settings.port),
        "WAYMARK_ORIGIN": settings.origin,
        "WAYMARK_DATA": str(settings.data),
        "WAYMARK_DATABASE_URL": settings.masked_database_url,
        "WAYMARK_KEYS": str(settings.keys),
        "WAYMARK_OPENER": ":".join(map(str, settings.openers)),
        "WAYMARK_PWA": str(settings.pwa),
        "WAYMARK_STAGE_PORT": str(settings.stage_port or ""),
        "WAYMARK_BACKUPS": str(settings.backups),
        "WAYMARK_BACKUP_KEEP": str(settings.backup_keep),
        "WAYMARK_BACKUP_KEEP_DAYS": str(settings.backup_keep_days),
        "WAYMARK_INTAKE_LOG": str(settings.intake_log or ""),
        "WAYMARK_AUDIT_CHECKPOINTS": str(settings.audit_checkpoints or ""),
        "WAYMARK_PUSH_HOSTS": " ".join(settings.push_hosts),
        "WAYMARK_PUSH_CONTACT": settings.push_sender,
        "WAYMARK_CLIENT_HEADER": settings.client_header,
        "WAYMARK_SECOND_FACTOR": settings.second_factor,
        "WAYMARK_RETENTION": settings.retention,
        "WAYMARK_BALLAST_MB": str(settings.ballast_mb),
        "WAYMARK_SOFT_EOL": str(settings.soft_eol or ""),
        "WAYMARK_HARD_EOL": str(settings.hard_eol or ""),
        "WAYMARK_HOST": HOST,
    }


def mask_password(url: str) -> str:
    """Also hides a query string: libpq takes a password there, too."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return url
    user, at, host = parts.netloc.rpartition("@")
    if ":" in user:
        user = user.partition(":")[0] + ":***"
    return parts._replace(
        netloc=f"{user}{at}{host}", query="***" if parts.query else "", fragment=""
    ).geturl()


def _usual(environ: Mapping[str, str]) -> SecondFactor:
    """People of a demonstration are invented, and everybody is told their password."""
    return "required" if environ.get("WAYMARK_PROFILE") == "production" else "offered"


def _eol(environ: Mapping[str, str], level: str) -> tuple[EndOfLife | None, tuple[str, ...]]:
    name = f"WAYMARK_{level}_EOL"
    try:
        return read_eol(environ.get(name, "")), ()
    except ValueError:
        return None, (f"{name} must look like 0.1.0,0.2.* 2027-01-31 https://example.org/update",)


def _port(text: str) -> int:
    """Zero stands for "no port", which `_refusals` then explains."""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 65_536 else 0


def _count(text: str) -> int:
    """Zero stands for "no number", which `_refusals` then explains."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def _room(environ: Mapping[str, str]) -> int:
    """-1 stands for "no number", which `_refusals` then explains."""
    text = environ.get("WAYMARK_BALLAST_MB", "")
    if not text:
        return BALLAST_MB.get(environ.get("WAYMARK_PROFILE") or "demo", 0)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else -1


def _refusals(settings: Settings) -> Iterator[str]:
    origin = urlsplit(settings.origin)
    if settings.profile not in get_args(Profile):
        yield "WAYMARK_PROFILE must be demo, production or test"
    if not settings.port:
        yield "WAYMARK_PORT must be a number from 1 to 65535"
    if not settings.backup_keep or not settings.backup_keep_days:
        yield "WAYMARK_BACKUP_KEEP and WAYMARK_BACKUP_KEEP_DAYS must be numbers from 1 on"
    if settings.second_factor not in get_args(SecondFactor):
        yield "WAYMARK_SECOND_FACTOR must be required or offered"
    elif settings.profile == "production" and not settings.second_factor_required:
        yield "WAYMARK_SECOND_FACTOR=offered is for demonstrations: unset it"
    if settings.retention not in get_args(Retention):
        yield "WAYMARK_RETENTION must be review or erase"
    if not 0 <= settings.ballast_mb <= BALLAST_MB_MAX:
        yield f"WAYMARK_BALLAST_MB must be a number from 0 to {BALLAST_MB_MAX}"
    if settings.stage_port is not None:
        yield from _stage_refusals(settings)
    yield from _push_refusals(settings)
    yield from _client_refusals(settings.client_header)
    if origin.scheme not in {"http", "https"} or not origin.hostname or settings.origin != _origin_of(origin):
        yield "WAYMARK_ORIGIN must look like https://reports.example.org, with no path"
    elif origin.scheme == "http" and origin.hostname != "localhost":
        yield (
            "WAYMARK_ORIGIN must start with https:// (of http, only localhost is a secure context to a "
            "browser); put a TLS proxy in front and name its address here"
        )
    if settings.database_url.partition(":")[0] not in _SCHEMES:
        yield "WAYMARK_DATABASE_URL must start with sqlite:/// or postgresql://"
    elif settings.database_url.startswith("sqlite") and not str(settings.sqlite_path or "").strip("."):
        yield "WAYMARK_DATABASE_URL must name a file: sqlite:///var/lib/waymark/waymark.db"


def _push_refusals(settings: Settings) -> Iterator[str]:
    """A loopback name lets whoever subscribes reach what listens on this machine."""
    for host in settings.push_hosts:
        if LOOPBACK_PUSH.fullmatch(host):
            if settings.profile not in {"demo", "test"}:
                yield f"WAYMARK_PUSH_HOSTS names {host}, which is this machine: remove it"
        elif not _PUSH_HOST.fullmatch(host) or host.endswith(".localhost") or host.count(".") < 2:
            yield (
                f"WAYMARK_PUSH_HOSTS cannot hold {host}: name a host such as push.example.org or "
                "*.push.example.org, in small letters, without scheme, port or path"
            )
    if settings.push_contact and not _CONTACT.fullmatch(settings.push_contact):
        yield "WAYMARK_PUSH_CONTACT must be an address such as mailto:it@example.org or https://example.org"


def _client_refusals(header: str) -> Iterator[str]:
    """A list begins with what the client itself has sent, which may be anything."""
    if header in {"x-forwarded-for", "forwarded"} or (header and not _HEADER.fullmatch(header)):
        yield (
            "WAYMARK_CLIENT_HEADER must be a header that holds one address and that your proxy overwrites, "
            "such as X-Real-IP"
        )


def _stage_refusals(settings: Settings) -> Iterator[str]:
    """The split page loosens what protects our pages, so it may exist nowhere else."""
    if settings.profile != "demo":
        yield "WAYMARK_STAGE_PORT is for demonstrations only: unset it, or set WAYMARK_PROFILE=demo"
    if not settings.stage_port or settings.port in range(settings.stage_port, settings.stage_port + 3):
        yield "WAYMARK_STAGE_PORT must be a port, and neither it nor the two after it may be WAYMARK_PORT"
    if settings.origin != f"http://localhost:{settings.port}":
        yield "WAYMARK_STAGE_PORT needs WAYMARK_ORIGIN to be http://localhost and WAYMARK_PORT"


def _origin_of(origin: SplitResult) -> str:
    """Without the user, path, query and fragment that an origin cannot have."""
    return f"{origin.scheme}://{origin.netloc.rpartition('@')[2]}"


def _name_refusals(environ: Mapping[str, str], profile: str) -> Iterator[str]:
    if environ.get("WAYMARK_HOST", HOST) != HOST:
        yield f"WAYMARK_HOST is fixed to {HOST}: put a TLS proxy in front instead of listening on a network"
    # A misspelt safety setting must not pass for a set one. Elsewhere, tests add their own.
    if profile == "production":
        known = NAMES.keys() | BUILD_NAMES
        for name in sorted(n for n in environ if n.startswith("WAYMARK_") and n not in known):
            yield f"{name} is no setting; `waymark settings` lists them"
