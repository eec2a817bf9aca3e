"""Settings: read once, refused together, printed without secrets."""

from pathlib import Path

import pytest

from waymark.kernel.settings import SettingsRefused, mask_password, read_settings, shown


def refusals(**environ: str) -> str:
    with pytest.raises(SettingsRefused) as refused:
        read_settings(environ)
    return "\n".join(refused.value.reasons)


def test_nothing_set_is_a_demonstration_on_this_machine() -> None:
    settings = read_settings({})

    assert settings.profile == "demo"
    assert settings.origin == "http://localhost:8000"
    assert settings.host_name == "localhost:8000"
    assert settings.sqlite_path == Path("data/waymark.db").absolute()
    assert settings.keys == Path("data/keys").absolute()


def test_port_and_data_move_what_hangs_on_them() -> None:
    settings = read_settings({"WAYMARK_PORT": "9100", "WAYMARK_DATA": "/srv/waymark"})

    assert settings.origin == "http://localhost:9100"
    assert settings.database_url == "sqlite:////srv/waymark/waymark.db"
    assert settings.keys == Path("/srv/waymark/keys")


def test_postgres_has_no_file() -> None:
    settings = read_settings({"WAYMARK_DATABASE_URL": "postgresql://waymark@localhost/waymark"})

    assert settings.sqlite_path is None


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("WAYMARK_PROFILE", "staging", "demo, production or test"),
        ("WAYMARK_PORT", "0", "1 to 65535"),
        ("WAYMARK_PORT", "65536", "1 to 65535"),
        ("WAYMARK_PORT", "eighty", "1 to 65535"),
        ("WAYMARK_PORT", "²", "1 to 65535"),
        ("WAYMARK_HOST", "0.0.0.0", "TLS proxy"),  # noqa: S104 - what is refused
        ("WAYMARK_ORIGIN", "http://reports.example.org", "https://"),
        ("WAYMARK_ORIGIN", "http://127.0.0.1:8000", "https://"),
        ("WAYMARK_ORIGIN", "https://reports.example.org/app", "no path"),
        ("WAYMARK_ORIGIN", "https://a:b@reports.example.org", "no path"),
        ("WAYMARK_ORIGIN", "reports.example.org", "https://"),
        ("WAYMARK_DATABASE_URL", "mysql://localhost/waymark", "sqlite:/// or postgresql://"),
        ("WAYMARK_DATABASE_URL", "sqlite:///", "name a file"),
        ("WAYMARK_CLIENT_HEADER", "X-Forwarded-For", "one address"),
        ("WAYMARK_CLIENT_HEADER", "Forwarded", "one address"),
        ("WAYMARK_CLIENT_HEADER", "X Real IP", "one address"),
    ],
)
def test_wrong_value_is_refused_with_what_to_do(name: str, value: str, advice: str) -> None:
    assert advice in refusals(**{name: value})


def test_all_refusals_come_at_once() -> None:
    text = refusals(WAYMARK_PROFILE="x", WAYMARK_PORT="x")

    assert "WAYMARK_PROFILE" in text
    assert "WAYMARK_PORT" in text


def test_misspelt_setting_stops_production_and_nothing_else() -> None:
    environ = {"WAYMARK_PROFILE": "production", "WAYMARK_ORIGEN": "https://reports.example.org"}

    assert "WAYMARK_ORIGEN is no setting" in refusals(**environ)
    assert read_settings({**environ, "WAYMARK_PROFILE": "demo"}).profile == "demo"


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("postgresql://waymark:s3cret@db:5432/waymark", "postgresql://waymark:***@db:5432/waymark"),
        ("postgresql://waymark:p@ss@db/waymark", "postgresql://waymark:***@db/waymark"),
        ("postgresql://waymark@db/waymark", "postgresql://waymark@db/waymark"),
        ("postgresql://db/waymark?password=s3cret", "postgresql://db/waymark?***"),
        ("sqlite:////srv/waymark.db", "sqlite:////srv/waymark.db"),
    ],
)
def test_password_is_never_shown(url: str, masked: str) -> None:
    assert mask_password(url) == masked


def test_shown_settings_hold_no_password() -> None:
    settings = read_settings({"WAYMARK_DATABASE_URL": "postgresql://waymark:s3cret@db/waymark"})

    assert "s3cret" not in "".join(shown(settings).values())


def test_push_hosts_are_the_four_large_ones_until_others_are_named() -> None:
    named = read_settings({"WAYMARK_PUSH_HOSTS": "push.example.org, *.push.example.net"})

    assert "fcm.googleapis.com" in read_settings({}).push_hosts
    assert named.push_hosts == ("push.example.org", "*.push.example.net")


@pytest.mark.parametrize(
    "host",
    [
        "https://push.example.org", "push.example.org/x", "push.example.org:443", "Push.example.org", "*",
        "*.org", "*.*.example.org", "push.*.example.org", "10.0.0.1", "1.2.3.4.5", "[::1]",
        "push.localhost.localhost", "localhost", "127.0.0.1", "localhost:0",
        "push..example.org", ".example.org", "user@push.example.org",
    ],
)  # fmt: skip
def test_a_push_host_is_a_name_and_nothing_else(host: str) -> None:
    assert "WAYMARK_PUSH_HOSTS" in refusals(WAYMARK_PUSH_HOSTS=host)


def test_this_machine_is_no_push_host_in_production() -> None:
    for host in ("localhost:9123", "127.0.0.1:9123"):
        assert read_settings({"WAYMARK_PROFILE": "test", "WAYMARK_PUSH_HOSTS": host}).push_hosts == (host,)
        assert "is this machine" in refusals(WAYMARK_PROFILE="production", WAYMARK_PUSH_HOSTS=host)


@pytest.mark.parametrize("contact", ["it@example.org", "mailto:it", "http://example.org", "mailto:a@b\nX: y"])
def test_a_contact_is_an_address(contact: str) -> None:
    assert "WAYMARK_PUSH_CONTACT" in refusals(WAYMARK_PUSH_CONTACT=contact)


def test_a_contact_stands_in_for_the_origin() -> None:
    own = {"WAYMARK_ORIGIN": "https://reports.example.org"}
    named = {**own, "WAYMARK_PUSH_CONTACT": "mailto:it@example.org"}

    assert read_settings(own).push_sender == "https://reports.example.org"
    assert read_settings(named).push_sender == "mailto:it@example.org"
    assert read_settings({}).push_sender.startswith("mailto:")
