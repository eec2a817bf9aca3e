"""The OpenAPI document of all routes, made from the routes: nothing here repeats what they say.

Litestar tells addresses and parameters, msgspec tells shapes, the routes tell the rest. No service serves
it: whoever only reports or attacks needs no map of the desk.
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final, get_args, get_type_hints

from litestar import Litestar, Response
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from msgspec import Struct

from waymark.kernel.problems import CATALOGUE, ProblemBody
from waymark.kernel.web.bodies import Body, in_json
from waymark.kernel.web.described import Schema, Schemas, end_patterns
from waymark.kernel.web.errors import PROBLEM_JSON
from waymark.kernel.web.guards import REQUEST_HEADER, same_origin
from waymark.kernel.web.origins import kept_to_ourselves
from waymark_sync.protocol import Natural, Uuid

INTRODUCTION: Final = """\
Every refusal is `application/problem+json` (RFC 9457) with a `code` and what to do `next`.

Under `/sync/v1`, bodies are JSON or msgpack, by `Content-Type`, and answers by `Accept`. Bytes are base64url
without padding in JSON and `bin` in msgpack; the shapes here are those of JSON. `sync/PROTOCOL.md` is the
protocol itself. Unknown fields are ignored, but where `additionalProperties` is false.

The pages that browsers open (`/`, `/desk` and what they load) are not here.

Under `/desk/api`, a session cookie tells who asks; what a person may not see answers like what never was."""
ALWAYS: Final = ("malformed", "wrong_host", "internal", "busy", "storage_full")
"""What any route may be refused with, for reasons that are not the route's."""
WAITS: Final = (429, 503, 507)
"""Statuses that may come with Retry-After, in seconds."""
HTML: Final = "text/html"
_SESSION: Final = "session"
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head"})
_TAGS: Final = {"/sync/": "sync", "/desk/": "desk"}


class Told(Struct, frozen=True, kw_only=True):
    """What one route says of itself."""

    takes: Body | None
    gives: Body | None
    """None: a success has no body."""
    refuses: tuple[str, ...]
    """All codes of the catalogue that it may answer with."""
    heads: Mapping[str, Any]
    tells: Mapping[int, Mapping[str, Any]]
    also: Mapping[int, Body]

    @property
    def shapes(self) -> list[Any]:
        bodies = [body for body in (self.takes, self.gives, *self.also.values()) if body]
        told = [shape for headers in self.tells.values() for shape in headers.values()]
        return [*(body.shape for body in bodies), *self.heads.values(), *told]


def describe(routes: Iterable[HTTPRouteHandler], *, provided: Iterable[str], cookie: str) -> dict[str, Any]:
    """provided: what routes ask for by name, which is no parameter. cookie: names the session."""
    handlers = {str(handler.operation_id): handler for handler in routes}
    document = _addresses(handlers.values(), provided)
    told = {name: of(handler) for name, handler in handlers.items()}
    schemas = Schemas([ProblemBody, Uuid, Natural, *(s for each in told.values() for s in each.shapes)])
    refusals: dict[str, Any] = {}
    for path in document["paths"].values():
        for method in _METHODS & set(path):
            operation = path[method]
            handler = handlers[operation["operationId"]]
            path[method] = _operation(operation, handler, told[operation["operationId"]], schemas, refusals)
    document["tags"] = [{"name": name} for name in (*_TAGS.values(), "service")]
    document["components"] = {
        "schemas": dict(sorted(schemas.components.items())),
        "responses": dict(sorted(refusals.items())),
        "securitySchemes": {_SESSION: {"type": "apiKey", "in": "cookie", "name": cookie}},
    }
    return document


def of(handler: HTTPRouteHandler) -> Told:
    said = handler.opt
    takes: Body | None = said.get("takes")
    return Told(
        takes=takes,
        gives=said.get("gives") or _returned(handler),
        refuses=tuple(dict.fromkeys((*ALWAYS, *_follows(handler, takes), *said.get("refuses", ())))),
        heads=said.get("heads", {}),
        tells=said.get("tells", {}),
        also=said.get("also", {}),
    )


def _follows(handler: HTTPRouteHandler, takes: Body | None) -> Iterable[str]:
    """Codes that need no telling."""
    guards = list(handler.guards or ())
    path = min(handler.paths)
    if path.startswith("/sync/"):
        yield "maintenance"
    if any(kept_to_ourselves(method, path) for method in handler.http_methods):
        yield "wrong_origin"
    if same_origin in guards:
        yield "unsupported_type"
    if any(guard is not same_origin for guard in guards):
        yield "login_needed"
        yield "factor_needed"
        yield "another_person"
        yield "session_locked"
    if takes is not None:
        yield "too_large"
    if "{" in path:
        yield "not_found"


def _returned(handler: HTTPRouteHandler) -> Body | None:
    told = get_type_hints(handler.fn).get("return")
    if isinstance(origin := getattr(told, "__origin__", None), type) and issubclass(origin, Response):
        told = get_args(told)[0]
    return None if told in (None, type(None)) else in_json(told)


def _addresses(routes: Iterable[HTTPRouteHandler], provided: Iterable[str]) -> dict[str, Any]:
    """As Litestar has them. The application that is made for it answers nobody."""
    app = Litestar(
        route_handlers=list(routes),
        dependencies={name: Provide(_provider(), sync_to_thread=False) for name in provided},
        openapi_config=OpenAPIConfig(
            title="Waymark", version=version("waymark"), description=INTRODUCTION, use_handler_docstrings=True
        ),
    )
    document: dict[str, Any] = app.openapi_schema.to_schema()
    document["paths"] = dict(sorted(document["paths"].items()))
    return document


def _provider() -> Any:
    """Another one for each name, as Litestar wants it."""
    return lambda: None


def _operation(
    found: Schema, handler: HTTPRouteHandler, told: Told, schemas: Schemas, refusals: dict[str, Any]
) -> Schema:
    path = min(handler.paths)
    summary, _, more = found.get("description", "").partition("\n")
    tag = next((tag for prefix, tag in _TAGS.items() if path.startswith(prefix)), "service")
    made: Schema = {"operationId": found["operationId"], "tags": [tag], "summary": summary}
    if more.strip():
        made["description"] = more.strip()
    public = handler.opt.get("public")
    made["security"] = [] if public else [{_SESSION: []}]
    if public:
        made["x-public"] = public
    if parameters := [*map(_parameter, found.get("parameters", ())), *_headers_asked(handler, told, schemas)]:
        made["parameters"] = parameters
    if told.takes:
        made["requestBody"] = {"required": True, "content": _content(told.takes, schemas)}
    made["responses"] = _responses(handler, told, schemas, refusals)
    return made


def _parameter(found: Schema) -> Schema:
    """In an address, whatever is named an id is a UUID; anything else is nobody's."""
    schema = dict(found["schema"])
    for limit in ("minimum", "maximum"):
        if limit in schema:
            schema[limit] = int(schema[limit])
    if found["in"] == "path" and found["name"].endswith("_id"):
        schema["format"] = "uuid"
    end_patterns(schema)
    return {"name": found["name"], "in": found["in"], "required": found["required"], "schema": schema}


def _headers_asked(handler: HTTPRouteHandler, told: Told, schemas: Schemas) -> Iterable[Schema]:
    if same_origin in (handler.guards or ()):
        for name, schema in (
            ("Origin", {"type": "string", "format": "uri"}),
            (REQUEST_HEADER, {"const": "1"}),
        ):
            yield {"name": name, "in": "header", "required": True, "schema": schema}
    for name, shape in told.heads.items():
        needed = bool(handler.opt.get("needs_heads"))
        yield {"name": name, "in": "header", "required": needed, "schema": schemas.of(shape)}


def _responses(
    handler: HTTPRouteHandler, told: Told, schemas: Schemas, refusals: dict[str, Any]
) -> dict[str, Any]:
    status = handler.status_code
    made: dict[int, Schema] = {status: {"description": "Done"}}
    if told.gives:
        made[status]["content"] = _content(told.gives, schemas)
    by_status: dict[int, list[str]] = {}
    for code in told.refuses:
        by_status.setdefault(CATALOGUE[code].status, []).append(code)
    for refused, codes in by_status.items():
        answer = _refusal(codes, schemas, as_page=refused == 404 and "GET" in handler.http_methods)
        if refused in told.also:
            made[refused] = _either(answer, _content(told.also[refused], schemas))
        elif refused in told.tells:
            made[refused] = answer
        else:
            name = "-".join(codes) + ("-or-page" if HTML in answer["content"] else "")
            refusals[name] = answer
            made[refused] = {"$ref": f"#/components/responses/{name}"}
    for answered, headers in told.tells.items():
        shown = {name: {"schema": schemas.of(shape)} for name, shape in headers.items()}
        made[answered].setdefault("headers", {}).update(shown)
    return {str(answered): made[answered] for answered in sorted(made)}


def _refusal(codes: list[str], schemas: Schemas, *, as_page: bool) -> Schema:
    codes.sort()
    kinds = [CATALOGUE[code] for code in codes]
    problem = {"allOf": [schemas.of(ProblemBody)], "properties": {"code": {"enum": list(codes)}}}
    made: Schema = {
        "description": "\n".join(f"`{kind.code}`: {kind.title}. {kind.next}" for kind in kinds),
        "content": {PROBLEM_JSON: {"schema": problem}},
    }
    if as_page:  # to a browser that was sent here by a mistyped address
        made["content"][HTML] = {"schema": {"type": "string"}}
    if kinds[0].status in WAITS:
        made["headers"] = {"Retry-After": {"schema": schemas.of(Natural)}}
    return made


def _either(answer: Schema, content: Schema) -> Schema:
    for media_type, told in content.items():
        known = answer["content"].get(media_type)
        schema = {"anyOf": [known["schema"], told["schema"]]} if known else told["schema"]
        answer["content"][media_type] = {"schema": schema}
    return answer


def _content(body: Body, schemas: Schemas) -> Schema:
    """Content of other media types than ours is described by them."""
    if body.shape is bytes:
        return {media_type: {} for media_type in body.media_types}
    return {media_type: {"schema": schemas.of(body.shape)} for media_type in body.media_types}
