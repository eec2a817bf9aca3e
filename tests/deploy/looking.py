"""Print what the decoder says of each file of a folder: python tests/deploy/looking.py FOLDER."""

import hashlib
import json
import sys
from pathlib import Path

from waymark.attachments.decoding import Decoder, NoPicture


def verdicts(folder: Path) -> dict[str, str]:
    return {path.name: verdict(path.read_bytes()) for path in sorted(folder.iterdir())}


def verdict(plain: bytes) -> str:
    """A digest of the picture, or why there is none."""
    try:
        return hashlib.sha256(Decoder().look([plain]).content).hexdigest()
    except NoPicture as none:
        return none.reason


if __name__ == "__main__":
    sys.stdout.write(json.dumps(verdicts(Path(sys.argv[1]))))
