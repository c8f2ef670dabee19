"""Digests of tensors and of JSON values, which detect damage and manual changes before the values are used."""

import hashlib
import json
from collections.abc import Mapping

import torch
from torch import Tensor

from .text_digests import of_text

DIGESTS = "digests"
"""The metadata entry of a safetensors file with the digests of its tensors, as JSON by name."""
STATE = ""
"""The name, which no tensor has, of the digest of the metadata's own JSON."""


class Damaged(ValueError):
    """Content that differs from what was written; the message describes it."""


def of_tensor(tensor: Tensor) -> str:
    """The sha256 of a tensor's dtype, shape and bytes, as 32 hex digits."""
    digest = hashlib.sha256(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
    digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:32]


def describe(tensors: Mapping[str, Tensor], state: str | None = None) -> dict[str, str]:
    """The metadata entry with the digests of these tensors, and of the JSON text that goes with them."""
    digests = {name: of_tensor(tensor) for name, tensor in tensors.items()}
    return {DIGESTS: json.dumps(digests if state is None else {**digests, STATE: of_text(state)})}


def verify(
    tensors: Mapping[str, Tensor], metadata: Mapping[str, str], *, required: bool, state: str | None = None
) -> None:
    """Raise Damaged, with the first name, if a value differs from what was written.

    Files of versions without digests are accepted unless digests are `required`.
    """
    if DIGESTS not in metadata:
        if required:
            raise Damaged("it is corrupt: its checksums are missing")
        return
    try:
        digests = json.loads(metadata[DIGESTS])
    except (ValueError, RecursionError) as error:
        raise Damaged("it is corrupt: its checksums cannot be read") from error
    if not isinstance(digests, dict):
        raise Damaged("it is corrupt: its checksums cannot be read")
    if state is not None and digests.pop(STATE, None) != of_text(state):
        raise Damaged("it is corrupt: the checksum of its training state does not match")
    if missing := sorted(digests.keys() ^ tensors.keys()):
        raise Damaged(f"it is corrupt: `{missing[0]}` lacks its tensor or its checksum")
    for name, tensor in tensors.items():
        if digests[name] != of_tensor(tensor):
            raise Damaged(f"it is corrupt: the checksum of `{name}` does not match")
