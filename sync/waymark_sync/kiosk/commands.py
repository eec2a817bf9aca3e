"""The commands of `waymark-sync`.

Exit status: 0 done; 1 a person has to mend something, and the text says what; 2 a wrong call; 3 something
waits still, and will be sent by the next `send`; 4 something is held for a person.
"""

import mimetypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from pysqlite3 import dbapi2

from waymark_sync.kiosk import show
from waymark_sync.kiosk.clock import now_ms
from waymark_sync.kiosk.home import KioskFault, Settings, opened, read_trust, set_up
from waymark_sync.kiosk.show import Output
from waymark_sync.outbox import NotSaved
from waymark_sync.return_code import Form

HOME: Final = Path("~/.waymark-sync")
WAITS: Final = 3
HELD: Final = 4
SLEEP_S_MAX: Final = 900.0
PICTURES: Final = "image/"
FORMS: Final[dict[str, Form | None]] = {"words": "words", "digits": "digits", "none": None}

as_json = click.option("--json", "json", is_flag=True, help="One JSON object, for programs.")


class _Group(click.Group):
    """Whatever goes wrong is a sentence that says what to do. A traceback would quote what people wrote."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (KioskFault, NotSaved) as error:
            raise click.ClickException(str(error)) from None
        except (dbapi2.Error, OSError) as error:
            raise click.ClickException(
                f"This disk did not do what it was asked ({type(error).__name__}: {error}). "
                "What `add` has not called saved is not saved. Make room or mend the disk, then do it again."
            ) from None


@click.group(cls=_Group)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="WAYMARK_SYNC_HOME",
    default=HOME,
    show_default=True,
    help="Folder of this kiosk.",
)
@click.pass_context
def main(ctx: click.Context, home: Path) -> None:
    """Seal reports into a queue on this disk, and send them when there is a network."""
    os.umask(0o077)
    ctx.obj = home.expanduser()


@main.command()
@click.argument("code")
@click.option("--service", required=True, help="Where it is served, for example https://reports.example.org")
@click.option(
    "--trust", "trust_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.pass_obj
def enrol(home: Path, code: str, service: str, trust_file: Path) -> None:
    """Make this computer a device of a centre. CODE is the one-time code that the desk shows."""
    from waymark_sync.device import EnrolFailed, keep_device
    from waymark_sync.device import enrol as trade
    from waymark_sync.transport import HttpTransport

    settings = Settings(service=service.rstrip("/"), trust=read_trust(trust_file))
    with set_up(home, settings) as outbox:
        transport = HttpTransport(settings.service)
        try:
            device = trade(code, transport)
        except EnrolFailed as error:
            raise KioskFault(
                f"The service did not take the code ({error.code}). Codes work once and for a short time: "
                "make a new one at the desk, check --service, and try again."
            ) from None
        finally:
            transport.close()
        keep_device(outbox, device)
    click.echo(
        f"This computer is a device of {device.centre_name}. Its keys are in {home}: let nobody else read it."
    )


@main.command()
def example() -> None:
    """A report as `add` reads it."""
    from waymark_sync.kiosk.reports import EXAMPLE

    click.echo(msgspec.json.format(msgspec.json.encode(EXAMPLE), indent=2))


@main.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--attach", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--keep-details", is_flag=True, help="The reporter wants a photo's place, time and camera kept."
)
@click.option("--code", "form", type=click.Choice(list(FORMS)), default="words", show_default=True)
@as_json
@click.pass_obj
def add(home: Path, file: Any, attach: tuple[Path, ...], keep_details: bool, form: str, json: bool) -> None:
    """Seal a report (JSON from FILE, or standard input) and keep it until it is sent. Needs no network.

    Afterwards nobody can read it here. FILE itself is yours to delete.
    """
    from waymark_sync.kiosk.adding import add_report
    from waymark_sync.kiosk.reports import read_told

    if not keep_details and any(_type_of(path).startswith(PICTURES) for path in attach):
        raise KioskFault(
            "A photo may carry the place, the time and the camera, and this program cannot take them out. "
            "Attach a copy without them, or add --keep-details if the reporter wants them kept. "
            "Nothing was saved."
        )
    told = read_told(file.read())
    with opened(home) as kiosk:
        chosen = [(path, _type_of(path)) for path in attach]
        added = add_report(kiosk, told, chosen, form=FORMS[form])
    Output(json).added(added)


@main.command()
@click.option("--watch", is_flag=True, help="Go on until stopped, and try again whenever it may help.")
@as_json
@click.pass_context
def send(ctx: click.Context, watch: bool, json: bool) -> None:
    """Send what waits, and fetch what came back. Breaking it off loses nothing."""
    from waymark_sync.kiosk.sending import one_pass
    from waymark_sync.transport import HttpTransport

    output = Output(json)
    with opened(ctx.obj) as kiosk:
        transport = HttpTransport(kiosk.settings.service)
        try:
            while True:
                with output.progress(kiosk) as tell:
                    passed = one_pass(kiosk, transport, asked=not watch, tell=tell)
                output.passed(passed)
                if not watch:
                    break
                _sleep_until(passed.again_at_ms)
        except KeyboardInterrupt:
            ctx.exit(130)
        finally:
            transport.close()
    ctx.exit(HELD if passed.held_for_a_person else 0 if passed.done else WAITS)


@main.command()
@as_json
@click.pass_context
def status(ctx: click.Context, json: bool) -> None:
    """What this kiosk holds, and what became of it."""
    from waymark_sync.kiosk.standing import standing_of

    with opened(ctx.obj) as kiosk:
        standing = standing_of(kiosk)
    Output(json).standing(standing)
    left = standing.waiting or standing.files_waiting
    ctx.exit(HELD if standing.held_for_a_person or not standing.whole else WAITS if left else 0)


@main.command()
@as_json
@click.pass_obj
def inbox(home: Path, json: bool) -> None:
    """What came back, as it stands here. Whoever sees this screen reads it."""
    from waymark_sync.kiosk.letters import letters_of

    with opened(home) as kiosk:
        Output(json).letters(letters_of(kiosk))


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(home: Path, file: Path) -> None:
    """Write the sealed reports that wait to FILE, to carry by hand. They stay here, too, and arrive once."""
    from waymark_sync.kiosk.carrying import export_queue

    with opened(home) as kiosk:
        count, files = export_queue(kiosk, file)
    click.echo(f"{show.reports(count)} in {file}. Only the service can open them.")
    if files:
        click.echo(f"Not in it: {files} attached files. They go from here, after their reports.")


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_queue(home: Path, file: Path) -> None:
    """Take over the sealed reports of FILE, which another device exported. Twice the same stays one."""
    from waymark_sync.kiosk.carrying import import_queue as take_over

    with opened(home) as kiosk:
        new, all_of_them = take_over(kiosk, file)
    click.echo(
        f"{show.reports(all_of_them)} in the file, {new} of them new here. Send them with: waymark-sync send"
    )


def _type_of(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _sleep_until(at_ms: int | None, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """At least a second, and never so long that a report added meanwhile would wait for it."""
    wait_s = SLEEP_S_MAX if at_ms is None else (at_ms - now_ms()) / 1000
    sleep(min(SLEEP_S_MAX, max(1.0, min(wait_s, 60.0))))


if __name__ == "__main__":
    sys.exit(main())
