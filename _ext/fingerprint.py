"""A digest of the files behind a result, to know when it must be found again."""

import hashlib
import sys
from pathlib import Path

__all__ = ["fingerprint"]


def fingerprint(root: Path, *patterns: str) -> str:
    """Return a digest of this Python and of the files of `root` that match."""
    digest = hashlib.sha256(sys.version.encode())
    for path in (path for pattern in patterns for path in sorted(root.glob(pattern))):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
