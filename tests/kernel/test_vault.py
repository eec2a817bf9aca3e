"""The vault: opens what belongs, and nothing else."""

import secrets

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from waymark.kernel.vault import CannotDecrypt, Vault, decrypt, encrypt

AAD = b"report|7c9e6679|body"


@pytest.fixture
def vault() -> Vault:
    return Vault(secrets.token_bytes(32), "kek-1")


def test_round_trip(vault: Vault) -> None:
    key, wrapped = vault.new_key()
    sealed = encrypt(key, b"story", aad=AAD)

    assert decrypt(vault.unwrap(wrapped), sealed, aad=AAD) == b"story"
    assert b"story" not in sealed
    assert key not in wrapped


def test_empty_text_is_kept(vault: Vault) -> None:
    key, _ = vault.new_key()

    assert decrypt(key, encrypt(key, b"", aad=AAD), aad=AAD) == b""


def test_same_text_never_looks_the_same(vault: Vault) -> None:
    key, _ = vault.new_key()

    assert len({encrypt(key, b"story", aad=AAD) for _ in range(100)}) == 100


def test_bytes_moved_to_another_row_do_not_open(vault: Vault) -> None:
    key, _ = vault.new_key()

    with pytest.raises(CannotDecrypt):
        decrypt(key, encrypt(key, b"story", aad=AAD), aad=b"report|other|body")


def test_every_altered_byte_of_sealed_text_is_noticed(vault: Vault) -> None:
    key, _ = vault.new_key()
    sealed = encrypt(key, b"story", aad=AAD)

    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(CannotDecrypt):
            decrypt(key, bytes(altered), aad=AAD)


def test_every_altered_byte_of_a_wrapped_key_is_noticed(vault: Vault) -> None:
    _, wrapped = vault.new_key()

    for position in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[position] ^= 1
        with pytest.raises(CannotDecrypt):
            vault.unwrap(bytes(altered))


def test_every_truncation_is_noticed(vault: Vault) -> None:
    key, wrapped = vault.new_key()
    sealed = encrypt(key, b"story", aad=AAD)

    for length in range(len(wrapped)):
        with pytest.raises(CannotDecrypt):
            vault.unwrap(wrapped[:length])
    for length in range(len(sealed)):
        with pytest.raises(CannotDecrypt):
            decrypt(key, sealed[:length], aad=AAD)


def test_another_vault_opens_nothing(vault: Vault) -> None:
    _, wrapped = vault.new_key()

    with pytest.raises(CannotDecrypt):
        Vault(secrets.token_bytes(32), "kek-1").unwrap(wrapped)
    with pytest.raises(CannotDecrypt):
        Vault(secrets.token_bytes(32), "kek-2").unwrap(wrapped)


def test_a_wrapped_key_is_not_a_sealed_text(vault: Vault) -> None:
    """Same cipher, other label: one cannot be passed off as the other."""
    kek = secrets.token_bytes(32)
    sealed = encrypt(kek, bytes(32), aad=b"")

    with pytest.raises(CannotDecrypt):
        Vault(kek, "").unwrap(b"\x01\x00" + sealed[1:])


def test_short_kek_is_a_bug() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault(b"short", "kek-1")


def test_who_has_no_index_key_shares_no_digest_with_others(vault: Vault) -> None:
    """One key stands in for both of them, and still the same telephone looks different for each."""
    shared = Vault(secrets.token_bytes(32), "kek-1", index={"service": secrets.token_bytes(32)})

    assert shared.digest("centre:one", b"+447700900123") != shared.digest("centre:two", b"+447700900123")
    assert shared.digest("centre:one", b"+447700900123") == shared.digest("centre:one", b"+447700900123")
    with pytest.raises(CannotDecrypt):
        vault.digest("centre:one", b"+447700900123")


def test_what_was_sealed_in_the_first_form_still_opens(vault: Vault) -> None:
    key, _ = vault.new_key()
    nonce = secrets.token_bytes(12)
    first = b"\x01" + nonce + AESGCM(key).encrypt(nonce, b"story", b"waymark-vault/1/seal\n" + AAD)

    assert decrypt(key, first, aad=AAD) == b"story"
    with pytest.raises(CannotDecrypt):
        decrypt(key, b"\x02" + first[1:], aad=AAD)
