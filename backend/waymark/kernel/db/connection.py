"""What a store sees of a database: one connection, inside one transaction."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar

from waymark.kernel.db.sql import Sql

T = TypeVar("T")
P = ParamSpec("P")
Engine = Literal["sqlite", "postgres"]


class Connection(Protocol):
    """Plain and synchronous. Lives as long as the unit of work that was handed it."""

    @property
    def engine(self) -> Engine: ...

    def one(self, sql: Sql, shape: type[T], /, **values: Any) -> T | None:
        """The first row, or None when there is none."""
        ...

    def many(self, sql: Sql, shape: type[T], /, **values: Any) -> list[T]: ...

    def execute(self, sql: Sql, /, **values: Any) -> int:
        """How many rows were touched. Raises Refused, Full, Unavailable."""
        ...

    def execute_many(self, sql: Sql, rows: Iterable[Mapping[str, Any]], /) -> None: ...

    def serialise(self, name: str, /) -> None:
        """Nobody else who names the same thing runs until this transaction ends.

        SQLite has one writer, so there it does nothing; PostgreSQL takes an advisory lock.
        """
        ...


class Database(Protocol):
    """Runs plain functions of a Connection, each as one transaction, off the event loop."""

    @property
    def engine(self) -> Engine: ...

    def read(
        self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Awaitable[T]:
        """A consistent, read-only view. A write inside it fails."""
        ...

    def write(
        self, work: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Awaitable[T]:
        """Durable when it returns. Any exception from `work` undoes all of it and is raised again."""
        ...

    def facts(self) -> Awaitable[Mapping[str, str]]:
        """The settings that decide whether "committed" means "durable", as the engine reports them."""
        ...

    def drop_traces(self) -> Awaitable[bool]:
        """After something was erased: nothing of it stays beside the tables. False: not yet, ask again."""
        ...

    def close(self) -> Awaitable[None]: ...
