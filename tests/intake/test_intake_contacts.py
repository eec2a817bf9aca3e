"""The same telephone and the same address are one, however they were typed; strangers' are not."""

import pytest

from waymark.intake.contacts import email_form, phone_form


@pytest.mark.parametrize(
    "typed",
    [
        "07700 900123",
        "+44 (0)7700 900 123",
        "0044 7700 900123",
        "+447700900123",
        "07700-900-123",
        "７７００ 900123",
    ],
)
def test_one_number_has_one_form(typed: str) -> None:
    assert phone_form(typed) == "+447700900123"


@pytest.mark.parametrize("typed", ["", "none", "999", "12345", "+44", "ext. 12"])
def test_what_is_no_number_is_not_found_again(typed: str) -> None:
    assert phone_form(typed) == ""


def test_numbers_of_other_countries_stay_apart() -> None:
    assert phone_form("+353 1 234 5678") == "+35312345678" == phone_form("00353 1 234 5678")
    assert phone_form("+48 7700 900123") != phone_form("07700 900123")


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("Some.One@Example.ORG", "some.one@example.org"),
        (" some.one @example.org. ", "some.one@example.org"),
        ("someone@example.org", "someone@example.org"),
        ("no address", ""),
        ("@example.org", ""),
        ("someone@", ""),
    ],
)
def test_an_address_has_one_form(typed: str, form: str) -> None:
    assert email_form(typed) == form
