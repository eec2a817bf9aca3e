"""Connections to the opener: held ones make room, slow ones are not waited for, a rested one is no fault."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.test_opener import Opener
from kernel.test_opener import short as short
from waymark.kernel.holders import load_holders
from waymark.kernel.opener import server
from waymark.kernel.opener.client import FarVault
from waymark.kernel.opener.frames import read_frame, send_frame
from waymark.kernel.opener.seats import Seats
from waymark.kernel.vault import Vault

SERVICE, HOLDER = 1, 2


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


def taken(seats: Seats, *peers: int) -> list[int]:
    numbers = [seats.take(socket.socketpair()[0], peer) for peer in peers]
    return [number for number in numbers if number]


def test_who_has_most_gives_up_what_rested_longest() -> None:
    now = [0.0]
    seats = Seats(4, time_s=lambda: now[0])
    own, *held = taken(seats, SERVICE, HOLDER, HOLDER, HOLDER)
    now[0] = 1
    seats.rest(held[0])

    (new,) = taken(seats, SERVICE)

    assert not seats.begin(held[1])
    assert all(seats.begin(number) for number in (own, held[0], held[2], new))


def test_what_is_being_answered_is_not_given_up() -> None:
    seats = Seats(2)
    for number in taken(seats, HOLDER, HOLDER):
        assert seats.begin(number)

    assert taken(seats, SERVICE) == []
    seats.leave(1)
    assert len(taken(seats, SERVICE)) == 1


def test_a_frame_that_does_not_come_on_is_not_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    with pytest.raises(TimeoutError):
        read_frame(one, begins_s=0.01)
    other.sendall(b"\0\0\0\x09half")
    with pytest.raises(TimeoutError):
        read_frame(one, begins_s=0.01, within_s=0.01)


def test_an_answer_that_nobody_takes_is_not_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(TimeoutError):
        send_frame(pair[0], bytes(4_000_000), within_s=0.01)


def test_a_large_frame_arrives_whole(pair: tuple[socket.socket, socket.socket]) -> None:
    content = os.urandom(4_000_000)
    reading = threading.Thread(target=send_frame, args=(pair[0], content), kwargs={"within_s": 30})
    reading.start()
    assert read_frame(pair[1], begins_s=30, within_s=30) == content
    reading.join()


def test_a_connection_that_rested_too_long_is_made_anew(
    vault: Vault, keys: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.01)
    far = FarVault(Opener(vault, short, peers={os.getuid()}).path, load_holders(keys))
    for _ in range(3):
        assert far.is_there()
        time.sleep(0.05)  # the other side ends it
    far.close()
