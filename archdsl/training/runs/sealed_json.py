"""JSON files of runs and sweeps: a model with a digest of its content, so that changes are detected."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors.run_errors import CannotResume, NoRun
from ..safe_files import read_bytes
from .checkpoint_numbers import first_error
from .text_digests import of_json

_DIGEST = "digest"
M = TypeVar("M", bound=BaseModel)


def seal(model: BaseModel) -> str:
    """The model as JSON, with its digest as the last entry."""
    content = model.model_dump(mode="json")
    return json.dumps({**content, _DIGEST: of_json(content)}, indent=2, ensure_ascii=False) + "\n"


def unseal(kind: type[M], path: Path, newest: int, named: str) -> M:
    """The model in a file of a folder; `named` is the folder as messages show it: "of a run, such as `runs/…`".

    Raises NoRun if there is no such file or it is of another kind, CannotResume, with a reason of one line, if it is
    damaged or was changed.
    """
    folder = path.parent
    try:
        content = json.loads(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        absent = "it is not a folder" if folder.exists() else "no such folder"
        what = f"it has no {path.name}" if folder.is_dir() else absent
        raise NoRun(folder, what, f"give the folder {named}") from error
    except OSError as error:
        raise CannotResume(folder, f"{path.name}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CannotResume(folder, f"{path.name}: it is corrupt: not valid JSON") from error
    digest = content.pop(_DIGEST, None) if isinstance(content, dict) else None
    version = content.get("format") if isinstance(content, dict) else None
    if digest is not None and digest == of_json(content) and _is_other(kind, content):
        raise NoRun(folder, f"it is not the folder {named.partition(',')[0]}", f"give the folder {named}")
    if isinstance(version, int) and not 1 <= version <= newest:
        raise CannotResume(folder, f"{path.name}: written by another version (format {version}, not {newest})")
    model = _validated(kind, path, content)
    if (digest is not None or version != 1) and digest != of_json(content):
        why = f"{path.name}: it was modified or is corrupt: its checksum does not match"
        raise CannotResume(folder, why)
    return model


def _is_other(kind: type[BaseModel], content: Any) -> bool:
    """Whether a JSON value has less than half of the entries that a model requires."""
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    return not isinstance(content, dict) or 2 * len(required & content.keys()) < len(required)


def _validated(kind: type[M], path: Path, content: Any) -> M:
    try:
        # from the JSON text, not from Python values: strict models require tuples there
        return kind.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise CannotResume(path.parent, f"{path.name}: {first_error(error)}") from error
    except (ValueError, RecursionError) as error:
        raise CannotResume(path.parent, f"{path.name}: it is corrupt ({error})") from error
