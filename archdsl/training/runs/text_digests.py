"""Digests of texts and of JSON values."""

import hashlib
import json
from typing import Any


def of_text(text: str) -> str:
    """The sha256 of a text in UTF-8, as 32 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def of_json(value: Any) -> str:
    """The digest of a JSON value, independent of its formatting and the order of its names."""
    return of_text(json.dumps(value, sort_keys=True))
