"""What the commands print: words for people, or one JSON object for programs."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from waymark_sync.kiosk.adding import Added
from waymark_sync.kiosk.home import Home
from waymark_sync.kiosk.letters import Letter
from waymark_sync.kiosk.sending import OutOfService, Passed, Tell, count
from waymark_sync.kiosk.standing import Standing
from waymark_sync.protocol import Alert


class Output:
    def __init__(self, json: bool) -> None:
        self._json = json

    def added(self, added: Added) -> None:
        if self._json:
            return _dump(added)
        files = f" with {added.files} files" if added.files else ""
        click.echo(f"Saved and sealed{files}. Reference: {added.reference}")
        if added.return_code:
            click.echo(f"Return code, for the person who reported: {added.return_code}")
            click.echo("It is shown here only, and only now. Whoever has it can read the answers.")
        return None

    @contextmanager
    def progress(self, home: Home) -> Iterator[Tell]:
        """A bar on the terminal, on standard error; nothing where nobody looks."""
        total = count(home.outbox.items(), "queued")
        if self._json or not total or not sys.stderr.isatty():
            yield lambda: None
            return
        columns = (TextColumn("Sending"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("sending", total=total)
            yield lambda: bar.update(task, completed=total - count(home.outbox.items(), "queued"))

    def passed(self, passed: Passed) -> None:
        if self._json:
            return _dump(passed)
        click.echo(f"{reports(passed.sent)} sent, {passed.messages} messages came.")
        if passed.waiting:
            click.echo(
                f"{reports(passed.waiting)} wait still. They are safe here, and are sent by the next try."
            )
        if passed.files_waiting:
            click.echo(f"{passed.files_waiting} attached files wait still.")
        if passed.held_for_a_person:
            click.echo(
                f"{reports(passed.held_for_a_person)} could not be sent and stay here: waymark-sync status"
            )
        if passed.problem:
            click.echo(f"Why: {passed.problem}")
        _end_of_life(passed.end_of_life)
        _out_of_service(passed.out_of_service)
        return None

    def standing(self, standing: Standing) -> None:
        if self._json:
            return _dump(standing)
        click.echo(f"{standing.centre}, sending to {standing.service}")
        click.echo(f"{reports(standing.made)}: {standing.sent} sent, {standing.waiting} waiting")
        if standing.files_waiting:
            click.echo(f"{standing.files_waiting} attached files wait")
        last = f"last answered {standing.reached_at}" if standing.reached_at else "has not answered yet"
        click.echo(f"The service {last}. {standing.room_mb} MB are left on this disk.")
        _end_of_life(standing.end_of_life)
        _out_of_service(standing.out_of_service)
        _lock(standing)
        if not standing.whole:
            click.echo("A number that was given out is missing here. Tell those who run the service.")
        for erased in standing.erased:
            click.echo(f"  {erased}  erased by those who had it. Nothing of it is kept here, nor there.")
        for report in standing.reports:
            held = "  held for a person" if report.held_for_a_person else ""
            click.echo(
                f"  {report.reference}  {report.made_at}  {report.attempts} tries  {report.problem}{held}"
            )
        return None

    def letters(self, letters: Sequence[Letter]) -> None:
        if self._json:
            return click.echo(msgspec.json.encode({"messages": letters}))
        if not letters:
            click.echo("Nothing has come back yet.")
        for letter in letters:
            click.echo(f"{letter.reference}  {letter.kind}  {letter.at}  {letter.from_name}")
            if letter.text:
                click.echo(f"    {letter.text}")
        return None


def _end_of_life(told: Alert | None) -> None:
    """Nobody has signed it, so no more than printable words of it reach the terminal."""
    when = {"soft_eol": "from", "hard_eol": "since"}.get(told.level) if told else None
    if told is None or when is None or not (told.on + (told.url or "")).isprintable():
        return
    click.echo(
        f"This version of waymark-sync is too old {when} {told.on}. Install a newer one"
        + (f": {told.url}" if told.url else ".")
    )
    click.echo("What is in the queue is taken all the same.")


def _out_of_service(told: OutOfService | None) -> None:
    if told is None:
        return
    if told == "by_time":
        click.echo("This computer had no contact with its service for 90 days. Its keys and the answers that")
        click.echo(
            "came are destroyed. What waits here is still sent: waymark-sync send. Then enrol it again."
        )
        return
    click.echo("This computer was taken out of service. Ask the coordinator of the centre.")
    if told == "sending":
        click.echo("What waits here is sent first. Then its keys and the answers that came are destroyed.")
    else:
        click.echo("Everything has arrived. Its keys and the answers that came are destroyed.")


def _lock(standing: Standing) -> None:
    if standing.out_of_service is not None:
        return
    if standing.lock == "locked":
        click.echo("It has locked itself: no contact for 30 days. What came back opens once `send` reaches")
        click.echo("the service. What waits here is kept, and new reports can be made.")
    if standing.lock == "warned":
        click.echo(
            f"It locks itself in {standing.locks_in_days} days unless `send` reaches the service before."
        )


def reports(number: int) -> str:
    return "1 report" if number == 1 else f"{number} reports"


def _dump(told: Struct) -> None:
    click.echo(msgspec.json.encode(told))
