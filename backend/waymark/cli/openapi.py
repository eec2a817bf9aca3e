"""`waymark openapi`: what the service can be asked, as an OpenAPI document. It is never served."""

from typing import Any

import click


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of every route."""
    import json

    click.echo(json.dumps(document(), indent=1, ensure_ascii=False))


def document() -> dict[str, Any]:
    from waymark.app import PROVIDED, ROUTES
    from waymark.identity.guards import COOKIE
    from waymark.kernel.web.openapi import describe

    return describe(ROUTES, provided=PROVIDED, cookie=COOKIE)
