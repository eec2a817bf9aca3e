"""Schemathesis on the service's own description: requests of every shape, and what it thinks of the answers.

It makes the requests and judges; they are sent here, to the real application in this process. Bodies in
msgpack are made from those in JSON: text that the description calls base64url becomes bytes.
"""

import random
from contextlib import suppress
from functools import cache
from typing import Any, Final
from urllib.parse import quote

import msgspec
import schemathesis
from httpx import Response
from hypothesis import HealthCheck, Phase, given, seed, settings
from litestar import Litestar
from litestar.testing import AsyncTestClient
from requests import PreparedRequest, Request
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fuzz.mutation import hostile, text
from waymark.cli.openapi import document
from waymark_sync.codec import JSON, MSGPACK, encode, from_base64url

CHECKS: Final = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NO_NEED_TO_SHRINK: Final = settings(
    database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)

Client = AsyncTestClient[Litestar]
Operation = APIOperation[Any, Any, Any, Any]


@cache
def operations() -> tuple[Operation, ...]:
    """Of the document as it is today. Raises where that is no OpenAPI document."""
    load_all_checks()
    described = schemathesis.openapi.from_dict(_description())
    described.validate()
    return tuple(found.ok() for found in described.get_all_operations())


def cases(operation: Operation, mode: GenerationMode, count: int, *, always: bool) -> list[Case]:
    """always: the same ones each time. None where nothing can be wrong, because nothing is asked for."""
    made: list[Case] = []
    if mode is GenerationMode.NEGATIVE and not (operation.body or list(operation.iter_parameters())):
        return made

    @settings(NO_NEED_TO_SHRINK, max_examples=count)
    @given(operation.as_strategy(generation_mode=mode))
    def remember(case: Case) -> None:
        made.append(case)

    (seed(20)(remember) if always else remember)()
    return made


def request_of(case: Case, *, origin: str) -> PreparedRequest:
    told = case.as_transport_kwargs(base_url=origin)
    names = ("method", "url", "headers", "params", "data", "json")
    request = Request(**{name: told[name] for name in names if name in told}).prepare()
    request.headers.pop("Content-Length", None)
    return request


def wound(request: PreparedRequest, luck: random.Random) -> None:
    """What no generator of JSON makes: broken bytes, broken queries, another type."""
    address, _, query = str(request.url).partition("?")
    if query and luck.random() < 0.5:
        wounded = text(query, luck).encode("utf-8", "replace")
        request.url = f"{address}?{quote(wounded, safe='=&%')}"
    if request.body:
        body = request.body if isinstance(request.body, bytes) else request.body.encode("utf-8", "replace")
        request.body = hostile(body, luck)
        if luck.random() < 0.2:
            request.headers["Content-Type"] = "text/plain"


async def send(client: Client, request: PreparedRequest) -> Response:
    client.cookies.clear()
    return await client.request(
        str(request.method),
        str(request.url),
        content=request.body or b"",
        headers=dict(request.headers),
        follow_redirects=False,
    )


def judge_by_description(case: Case, request: PreparedRequest, answer: Response) -> None:
    """Raises with the request, as a line for curl, and with what of the answer was not declared."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.multi_items():
        headers.setdefault(name.lower(), []).append(value)
    heard = schemathesis.Response(
        status_code=answer.status_code,
        headers=headers,
        content=answer.content,
        request=request,
        elapsed=0.0,
        verify=True,
        encoding="utf-8",
    )
    case.validate_response(heard, checks=CHECKS)


@schemathesis.serializer(MSGPACK)
def _as_msgpack(context: schemathesis.SerializationContext, value: Any) -> bytes:
    told = context.case.operation.definition.raw["requestBody"]["content"][MSGPACK]["schema"]
    try:
        return msgspec.msgpack.encode(_with_bytes(value, told))
    except (OverflowError, TypeError, ValueError):  # what no msgpack can hold
        return str(value).encode("utf-8", "replace")


@schemathesis.serializer("application/csp-report")
def _as_report(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return msgspec.json.encode(value)


@schemathesis.serializer("application/partial-upload")
def _as_it_is(_: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.deserializer(MSGPACK)
def _of_msgpack(_: schemathesis.DeserializationContext, answer: schemathesis.Response) -> Any:
    return msgspec.json.decode(encode(msgspec.msgpack.decode(answer.content), JSON))


def _with_bytes(value: Any, told: dict[str, Any]) -> Any:
    """Text stays text where it is no base64url: that is for the service to refuse."""
    if "$ref" in told:
        told = _description()["components"]["schemas"][told["$ref"].rpartition("/")[2]]
    told = next((one for one in told.get("anyOf", ()) if one != {"type": "null"}), told)
    if "$ref" in told:
        return _with_bytes(value, told)
    match value:
        case dict():
            known = told.get("properties", {})
            return {name: _with_bytes(one, known.get(name, {})) for name, one in value.items()}
        case list():
            return [_with_bytes(one, told.get("items", {})) for one in value]
        case str() if "contentEncoding" in told:
            with suppress(ValueError):
                return from_base64url(value)
    return value


@cache
def _description() -> dict[str, Any]:
    return document()
