"""What a directory must be like before it is given to anybody. Pure."""

import re
from collections.abc import Collection, Iterator
from typing import Final

from waymark_sync.matching import Service
from waymark_sync.policy import Pack, Strand

NATIONS: Final = frozenset({"england", "wales", "scotland", "northern-ireland", "uk"})
DEMO_NUMBER: Final = re.compile(r"(01632 960|020 7946 0|07700 900|0113 496 0)\d{3}")
"""Ranges that Ofcom keeps for drama: they ring nowhere."""


def faults(services: Collection[Service], pack: Pack, strands: Collection[Strand]) -> Iterator[str]:
    """One sentence for each thing that would mislead somebody."""
    strand_codes = {strand.code for strand in strands}
    sub_codes = {f"{strand.code}.{sub}" for strand in strands for sub in strand.sub}
    places = {area.id for area in pack.areas} | {force.id for force in pack.forces}
    if len({service.id for service in services}) != len(services):
        yield "two services have one id"
    for service in services:
        known = NATIONS if service.national else places
        if not service.coverage or not known.issuperset(service.coverage):
            yield f"{service.id} covers a place that is not known"
        if not strand_codes.issuperset(service.strands) or not sub_codes.issuperset(service.sub_strands):
            yield f"{service.id} names a strand that is not known"
        if service.demo and not (service.phone and DEMO_NUMBER.fullmatch(service.phone)):
            yield f"{service.id} is invented and must have a number that rings nowhere"
        if service.demo != service.name.endswith("(demonstration)"):
            yield f"{service.id} must say in its name whether it is invented"
