"""What a file is by its bytes: sounds, films and papers, and files that are two things at once."""

import sys

import pytest

from support.files import a_photo, noise
from support.kinds import MPEG_FRAME, PDF, a_bomb, a_sound, boxed, docx, odt, ogg, packed, webm
from waymark.attachments.decoding import Decoder, NoPicture
from waymark.attachments.derive import TEXT_BYTES_MAX
from waymark.attachments.kinds import DOCX, ENDINGS, ODT, kind_of

HONEST = {
    "wav": (a_sound(), "audio/wav"),
    "mp3": (MPEG_FRAME * 20, "audio/mpeg"),
    "mp3 with tags": (b"ID3\x04\x00\x00\x00\x00\x00\x00" + MPEG_FRAME * 20, "audio/mpeg"),
    "opus": (ogg(b"OpusHead"), "audio/ogg"),
    "vorbis": (ogg(b"\x01vorbis"), "audio/ogg"),
    "aac": (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(200), "audio/aac"),
    "amr": (b"#!AMR\n" + noise(400), "audio/amr"),
    "m4a": (boxed(b"M4A "), "audio/mp4"),
    "mp4": (boxed(b"isom"), "video/mp4"),
    "3gp": (boxed(b"3gp5"), "video/mp4"),
    "mov": (boxed(b"qt  "), "video/quicktime"),
    "recorded sound": (webm(b"A_OPUS"), "audio/webm"),
    "recorded film": (webm(b"V_VP9", b"A_OPUS"), "video/webm"),
    "pdf": (PDF, "application/pdf"),
    "docx": (docx(), DOCX),
    "odt": (odt(), ODT),
}

REFUSED = {
    "a web page": b"<!doctype html><script>alert(1)</script>",
    "a drawing that runs": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a script": b"#!/bin/sh\nrm -rf /\n",
    "rich text": b"{\\rtf1\\ansi{\\object}}",
    "a program": b"MZ\x90\x00" + noise(400),
    "a program of another system": b"\x7fELF" + noise(400),
    "control characters": b"hello \x1b[2J there",
    "nothing at all": b"",
    "only spaces": b"  \n ",
    "a sheet": packed({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
    "any packed files": packed({"a.txt": b"a"}),
    "an OpenDocument sheet": packed({}, first=b"application/vnd.oasis.opendocument.spreadsheet"),
    "one frame of sound by chance": b"\xff\xfb\x90\x00" + noise(900),
    "a film of no codec": webm(b"S_TEXT"),
    "an Ogg film": ogg(b"\x80theora"),
    "a PDF after a program": b"MZ" + bytes(200) + PDF,
    "a letter after a program": b"MZ" + bytes(200) + docx(),
    "half a UTF-16": b"\xff\xfea",
}

UNSAFE = {
    "a letter with programs": docx(word__vbaProject__bin=b"x"),
    "an OpenDocument with programs": odt(**{"Basic/script-lc.xml": b"x"}),
    "a letter that unpacks to 300 MB": a_bomb(),
    "a letter with one name twice": docx(**{"WORD__document.xml": b"other"}),
}


def outcome(plain: bytes) -> tuple[str, str | None]:
    with pytest.raises(NoPicture) as none:
        Decoder().look([plain[at : at + 65_536] for at in range(0, len(plain), 65_536)])
    return none.value.reason, none.value.kind


@pytest.mark.parametrize("name", HONEST)
def test_what_may_be_handed_out_is_named_by_its_bytes(name: str) -> None:
    plain, kind = HONEST[name]

    assert outcome(plain) == ("original_only", kind)
    assert kind in ENDINGS


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_on_no_list_is_handed_to_nobody(name: str) -> None:
    assert outcome(REFUSED[name]) == ("kind_not_shown", None)


@pytest.mark.parametrize("name", UNSAFE)
def test_documents_that_may_hurt_are_kept_sealed(name: str) -> None:
    assert outcome(UNSAFE[name]) == ("unsafe", None)


@pytest.mark.parametrize("cut", [5, 40, 300])
def test_half_a_document_is_damaged(cut: int) -> None:
    assert outcome(docx()[:-cut]) in (("damaged", None), ("kind_not_shown", None))


@pytest.mark.parametrize(
    ("plain", "shown"),
    [
        (b"They came at ten.\r\nAgain.", "They came at ten.\r\nAgain."),
        ("\ufeffSchöne Grüße".encode(), "Schöne Grüße"),
        ("ضربوا الباب".encode("utf-16"), "ضربوا الباب"),
        (b"a < b and <script> is only words here", "a < b and <script> is only words here"),
    ],
)
def test_words_are_shown_as_words(plain: bytes, shown: str) -> None:
    made = Decoder().look([plain])

    assert (made.media_type, made.kind) == ("text/plain", "text/plain")
    assert made.content.decode() == shown


def test_of_many_words_the_first_are_shown_whole() -> None:
    made = Decoder().look(["ü".encode() * TEXT_BYTES_MAX + b"x"])

    assert len(made.content) <= TEXT_BYTES_MAX
    assert set(made.content.decode()) == {"ü"}


def test_a_photo_with_a_page_behind_it_is_a_photo() -> None:
    made = Decoder().look([a_photo() + b"<html><script>alert(1)</script>"])

    assert (made.media_type, made.kind) == ("image/jpeg", None)
    assert b"script" not in made.content


@pytest.mark.parametrize(
    "answer",
    [
        b"original_only text/html\n",
        b"original_only\n",
        b"original_only audio/wav\nwith more",
        b"made text/html\n<script>",
        b"made text/plain\n\xff\xfe",
        b"made text/plain\n",
        b"made image/jpeg\nwords",
    ],
)
def test_a_decoder_that_was_taken_over_is_not_believed(answer: bytes) -> None:
    program = "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))"

    with pytest.raises(NoPicture) as none:
        Decoder(command=(sys.executable, "-c", program, answer.hex())).look([b"x"])

    assert (none.value.reason, none.value.kind) == ("failed", None)


@pytest.mark.parametrize("seed", range(200))
def test_noise_is_nothing(seed: int) -> None:
    assert kind_of(noise(4_096, seed=seed)) in (None, *ENDINGS)
