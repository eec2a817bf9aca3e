"""What `waymark demo` says: who can log in where, and how a phone gets here."""

import io
from typing import Final

import segno
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from waymark.cli.demo_people import LOGINS, PASSWORD
from waymark.cli.demo_truth import Coded, kept_truth
from waymark.kernel.settings import Settings

WIDTH: Final = 110  # where nobody looks, as in a log
_ROLES: Final = {
    "police_triage": "police triage",
    "centre_worker": "centre volunteer",
    "centre_supervisor": "centre supervisor",
    "intake_custodian": "intake custodian",
}


def console() -> Console:
    made = Console(highlight=False, soft_wrap=True)
    return made if made.is_terminal else Console(highlight=False, soft_wrap=True, width=WIDTH)


def show_logins(settings: Settings) -> None:
    out = console()
    out.print("[bold]DEMONSTRATION - nobody here is real. Do not take real reports.[/bold]\n")
    out.print(f"Make a report:       {settings.origin}/")
    out.print(f"The desk:            {settings.origin}/desk")
    out.print(f"All side by side:    {settings.stage_address}   (make run)\n")
    out.print(_table(settings))
    out.print(f"Everybody's password: [bold]{PASSWORD}[/bold]\n")
    truth = kept_truth(settings.data)
    for coded in truth.return_codes if truth else ():
        out.print(_way_back(settings.origin, coded))
    out.print(_code(f"{settings.origin}/"))
    out.print(_note(settings.port))


def _table(settings: Settings) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("role", "user name", "of", "where"):
        table.add_column(heading, no_wrap=True)
    for login in LOGINS:
        whose = login.name.partition(", ")[2] or "all centres and forces"
        table.add_row(_ROLES[login.role], login.username, whose, f"{settings.origin}/desk")
    return table


def _way_back(origin: str, coded: Coded) -> str:
    return f"Come back as a reporter: open {origin}/return with: [bold]{coded.code}[/bold]\n  {coded.about}\n"


def _code(address: str) -> str:
    drawn = io.StringIO()
    segno.make(address, error="m", micro=False).terminal(out=drawn, compact=True, border=2)
    return drawn.getvalue()


def _note(port: int) -> str:
    return (
        "[bold]On a real phone[/bold] the page works offline only over HTTPS or from localhost, and this "
        "service listens on this machine\nalone. Connect an Android phone by cable, then scan the code:\n\n"
        f"    adb reverse tcp:{port} tcp:{port}\n\n"
        "The phone then sees this service as its own localhost. Plain http over a local network is no secure "
        "context to a\nbrowser: nothing could be sealed or kept there. For other phones put an HTTPS proxy "
        "in front (docs/operations.md)."
    )
