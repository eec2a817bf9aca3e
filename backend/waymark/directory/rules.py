"""What a directory must be like before it is given to anybody. Pure."""

import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from waymark_sync.matching import Service
from waymark_sync.policy import Pack, Strand

NATIONS: Final = frozenset({"england", "wales", "scotland", "northern-ireland", "uk"})
ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""ASCII, so that ties fall the same way in every language's order of text."""
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?")
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
        yield from _form_faults(service)
        yield from _trust_faults(service)


def _form_faults(service: Service) -> Iterator[str]:
    if not ID.fullmatch(service.id):
        yield f"{service.id} must be lower case letters, digits and hyphens"
    if not all(LANGUAGE.fullmatch(tag) for tag in service.languages):
        yield f"{service.id} names a language that is no tag such as cy or zh-Hans"
    if service.url and not service.url.startswith("https://"):
        yield f"{service.id} must have an address that begins with https://"
    if service.min_age is not None and service.max_age is not None and service.min_age > service.max_age:
        yield f"{service.id} is for nobody: its lowest age is above its highest"
    if service.assured_on is not None and not _is_day(service.assured_on):
        yield f"{service.id} was checked on a day that there is not"


def _trust_faults(service: Service) -> Iterator[str]:
    if service.demo and not (service.phone and DEMO_NUMBER.fullmatch(service.phone)):
        yield f"{service.id} is invented and must have a number that rings nowhere"
    if service.demo and service.url:
        yield f"{service.id} is invented and must have no address: somebody may own it"
    if service.demo != service.name.endswith("(demonstration)"):
        yield f"{service.id} must say in its name whether it is invented"
    if service.verified and service.assured_on is None:
        yield f"{service.id} is said to be verified and must say on which day"
    if not (service.demo or service.verified) and (service.phone or service.url):
        yield f"{service.id} was checked by nobody and must have no number and no address"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
