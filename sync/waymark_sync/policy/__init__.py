"""The policy pack: forces, centres, areas and strands, as data that an installation can replace.

Nothing is guessed: a postcode that the pack does not hold has no force, and a person routes the report.
"""

import re
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Final

import msgspec
from msgspec import Struct

UNKNOWN: Final = "unknown"
"""Force and area of a report whose place the pack does not hold."""

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})?\Z")


class Force(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    nation: str = ""
    """Of `directory` coverage, such as `england`. Empty: not said."""


class Centre(Struct, frozen=True, kw_only=True):
    """A third-party reporting centre."""

    id: str
    name: str
    force_id: str


class Area(Struct, frozen=True, kw_only=True):
    """Where a report may have happened, by the outward halves of its postcodes."""

    id: str
    name: str
    force_id: str
    default_centre_id: str
    outward: tuple[str, ...]


class Place(Struct, frozen=True, kw_only=True):
    """What the pack knows of a postcode."""

    area_id: str
    force_id: str
    default_centre_id: str


class Strand(Struct, frozen=True, kw_only=True):
    code: str
    label: str
    sub: tuple[str, ...] = ()


class _StrandFile(Struct, frozen=True, kw_only=True):
    strands: tuple[Strand, ...]


class Pack(Struct, frozen=True, kw_only=True, dict=True):
    """Made by `load_pack`; every id in it leads somewhere."""

    version: str
    forces: tuple[Force, ...]
    centres: tuple[Centre, ...]
    areas: tuple[Area, ...]
    default_centre_id: str

    @cached_property
    def by_outward(self) -> MappingProxyType[str, Area]:
        return MappingProxyType({outward: area for area in self.areas for outward in area.outward})

    @cached_property
    def centre_ids(self) -> frozenset[str]:
        return frozenset(centre.id for centre in self.centres)

    def nation(self, force_id: str) -> str:
        """Empty for a force that the pack does not hold."""
        return next((force.nation for force in self.forces if force.id == force_id), "")

    def area_name(self, area_id: str) -> str:
        """The id itself for what the pack does not hold, `unknown` among others."""
        return next((area.name for area in self.areas if area.id == area_id), area_id)

    def place(self, postcode: str | None) -> Place:
        """By the outward half. Unknown, and the pack's own default centre, for anything else."""
        area = self.by_outward.get(outward(postcode) or "")
        if area is None:
            return Place(area_id=UNKNOWN, force_id=UNKNOWN, default_centre_id=self.default_centre_id)
        return Place(area_id=area.id, force_id=area.force_id, default_centre_id=area.default_centre_id)


def outward(postcode: str | None) -> str | None:
    """`QX1` of `qx1 2ab` or of `QX1`. None for what is no UK postcode."""
    found = _POSTCODE.match((postcode or "").strip().upper())
    return found[1] if found else None


def holder_names(pack: Pack) -> tuple[str, ...]:
    """Whose keys a report's keys are wrapped to: every centre's and every force's own."""
    centres = (f"centre:{centre.id}" for centre in pack.centres)
    return (*centres, *(f"force:{force.id}" for force in pack.forces))


def load_pack(name: str = "demo") -> Pack:
    """Raises ValueError when the pack does not hold together."""
    pack = msgspec.json.decode(read_data(f"{name}.json"), type=Pack)
    forces, centres = {force.id for force in pack.forces}, pack.centre_ids
    for centre in pack.centres:
        if centre.force_id not in forces:
            raise ValueError(f"centre {centre.id} names a force that the pack does not hold")
    for area in pack.areas:
        if area.force_id not in forces or area.default_centre_id not in centres:
            raise ValueError(f"area {area.id} names a force or centre that the pack does not hold")
    if pack.default_centre_id not in centres:
        raise ValueError("the default centre is not in the pack")
    if len(pack.by_outward) != sum(len(area.outward) for area in pack.areas):
        raise ValueError("a postcode lies in two areas")
    return pack


def load_strands() -> tuple[Strand, ...]:
    return msgspec.json.decode(read_data("strands.json"), type=_StrandFile).strands


def read_data(name: str) -> bytes:
    """A data file of this package, such as `directory.json`."""
    return resources.files(__name__).joinpath(name).read_bytes()
