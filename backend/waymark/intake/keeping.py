"""Verbs on who holds a report's keys: give them to whoever may read it now, wrap them anew, find it again.

Callers audit: each of these is a part of an act, or changes nothing that anybody can see.
"""

from collections.abc import Iterable

from waymark.agencies.records import ReportFacts
from waymark.intake import store
from waymark.intake.keys import store as keys_store
from waymark.intake.records import KeyRow, Keys, Lock
from waymark.intake.report_keys import (
    BODY_AAD,
    changes,
    findable,
    new_keys,
    open_keys,
    open_report,
    rows_for,
    seal_body,
    wrap,
)
from waymark.kernel.db import Connection
from waymark.kernel.vault import Vault, decrypt

FOUND_MAX = 100


def rewrap(db: Connection, lock: Lock, facts: ReportFacts, vault: Vault) -> None:
    """Give the report's keys to whoever may read it as things stand now, and to nobody else.

    lock: the caller's own. Whoever has not been given name and contact can pass them on to nobody: those come
    from the centre's row. Raises CannotDecrypt.
    """
    anew, gone = changes(keys_store.keys_of(db, lock.report_id), facts)
    keys_store.drop_keys(db, lock.report_id, gone)
    if not anew:
        return
    keys = open_keys(vault, lock)
    if keys.person is None and any(anew.values()) and (whole := store.opened(db, lock.report_id)):
        lock, keys = whole.lock, open_keys(vault, whole.lock)
    rows = [wrap(vault.holders, keys, lock.report_id, holder, person=both) for holder, both in anew.items()]
    keys_store.drop_keys(db, lock.report_id, anew)
    keys_store.put_keys(db, rows)
    if any(row.person for row in rows):
        _index(db, lock, keys, rows, vault)


def renew(db: Connection, lock: Lock, facts: ReportFacts, vault: Vault) -> None:
    """Wrap to everybody's current keys; and split what was sealed in one piece. lock: the centre's.

    Raises CannotDecrypt.
    """
    keys = open_keys(vault, lock)
    if lock.person is None:
        keys = _split(db, lock, keys)
        lock = _fresh(db, lock)
    rows = rows_for(vault.holders, keys, lock.report_id, facts)
    keys_store.drop_keys(db, lock.report_id, (row.holder for row in keys_store.keys_of(db, lock.report_id)))
    keys_store.put_keys(db, rows)
    _index(db, lock, keys, rows, vault)


def index_again(db: Connection, lock: Lock, vault: Vault) -> bool:
    """For those who cannot find it yet. False: the index of some still may not be asked. lock: the centre's.

    Raises CannotDecrypt.
    """
    there = set(keys_store.indexed(db, lock.report_id))
    rows = [row for row in keys_store.keys_of(db, lock.report_id) if row.holder not in there]
    if whole := _index(db, lock, open_keys(vault, lock), rows, vault):
        keys_store.drop_index_due(db, lock.report_id)
    return whole


def index_due(db: Connection, *, limit: int) -> list[str]:
    """Reports."""
    return keys_store.index_due(db, limit=limit)


def wrapped_to(db: Connection, kid: str, holder: str = "", *, limit: int) -> list[str]:
    """Reports. kid: '' for keys that were wrapped to nobody in particular. holder: '' for any."""
    return keys_store.wrapped_to(db, kid, holder, limit=limit)


def counted(db: Connection) -> dict[str, int]:
    """How many times something is wrapped to a key, by its id. Looks at every report."""
    return keys_store.counted(db)


def same_contact(db: Connection, report_id: str, holder: str) -> list[str]:
    """Other reports that this holder was given with the same telephone or address. At most FOUND_MAX."""
    return keys_store.same_contact(db, report_id, holder, limit=FOUND_MAX)


def _index(db: Connection, lock: Lock, keys: Keys, rows: Iterable[KeyRow], vault: Vault) -> bool:
    found, whole = findable(vault, rows, open_report(keys, lock).answers)
    for each in found:
        keys_store.put_index(db, lock.report_id, each.holder, each.digests)
    if not whole:
        keys_store.put_index_due(db, lock.report_id)
    return whole


def _split(db: Connection, lock: Lock, keys: Keys) -> Keys:
    """What was said about the report stays under the key that it has."""
    both = Keys(incident=keys.incident, person=new_keys().person)
    plaintext = decrypt(keys.incident, lock.body, aad=BODY_AAD + lock.report_id.encode())
    body, person = seal_body(both, plaintext, lock.report_id)
    keys_store.reseal(db, lock.report_id, body=body, person=person)
    return both


def _fresh(db: Connection, lock: Lock) -> Lock:
    found = store.opened(db, lock.report_id)
    return found.lock if found else lock
