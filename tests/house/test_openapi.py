"""The description says what the routes say, and the routes say what they do."""

import ast
import json
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema_rs import meta
from litestar.handlers import HTTPRouteHandler
from litestar.response import ServerSentEvent, Stream

from house.mentions import Function, module_name, reached
from house.source import ROOT, parsed, python_files
from waymark.app import ROUTES
from waymark.cli.openapi import document, openapi
from waymark.kernel.problems import CATALOGUE
from waymark.kernel.web.bodies import in_json
from waymark.kernel.web.openapi import of

HANDLERS = [pytest.param(handler, id=str(handler.operation_id)) for handler in ROUTES]
READS_NOTHING = {"GET", "HEAD", "DELETE"}
MADE_HERE = ROOT / "docs" / "openapi.json"


@cache
def described() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(document()))
    return told


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(m, path, told) for path, by in described()["paths"].items() for m, told in by.items()]


@cache
def refused_in() -> dict[Function, frozenset[str]]:
    """Function -> the codes that it names itself."""
    found = {}
    for file in python_files("backend"):
        for node in ast.walk(parsed(file)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                texts = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
                codes = frozenset(text for text in texts if isinstance(text, str) and text in CATALOGUE)
                found[module_name(file), node.name] = codes
    return found


def named_by(feature: str) -> set[str]:
    return {
        code
        for (module, _), codes in refused_in().items()
        if module.startswith(f"{feature}.")
        for code in codes
    }


def test_every_route_is_there_once() -> None:
    known = {
        (method.lower(), path.replace(":str}", "}"))
        for handler in ROUTES
        for method in handler.http_methods
        for path in handler.paths
    }
    told = operations()

    assert {(method, path) for method, path, _ in told} == known
    assert len({operation["operationId"] for _, _, operation in told}) == len(told) == len(ROUTES)
    assert all(operation["summary"] for _, _, operation in told)


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_refusal_is_declared(handler: HTTPRouteHandler) -> None:
    """What calls lead to is found by their names; what objects do, in the folder of the route."""
    module, name = handler.fn.__module__, handler.fn.__name__
    led_to = {code for step in reached((module, name)) for code in refused_in().get(step, ())}
    declared = set(of(handler).refuses)
    by_itself = set(handler.opt.get("refuses", ()))

    assert led_to <= declared
    assert by_itself <= led_to | named_by(module.rpartition(".")[0]) | {"invalid"}


@pytest.mark.parametrize("handler", HANDLERS)
def test_every_body_is_declared(handler: HTTPRouteHandler) -> None:
    told = of(handler)

    assert (told.takes is None) == (handler.http_methods <= READS_NOTHING)
    assert told.gives not in (in_json(bytes), in_json(Stream), in_json(ServerSentEvent))


def test_every_shape_is_a_json_schema() -> None:
    for schema in described()["components"]["schemas"].values():
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_the_document_in_docs_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(openapi)

    kept = printed.stdout == MADE_HERE.read_text(encoding="utf-8")
    assert kept, "make it again: waymark openapi > docs/openapi.json"
