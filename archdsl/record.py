"""Immutable values with named fields that are cheap to define.

`dataclasses` compiles the methods of each class at import. For the hundreds of small classes of this package, that
would take longer than the check itself in `archdsl check`. A `Record` reads its annotations once and shares its
methods.
"""

import inspect
from collections.abc import Iterator
from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """A frozen value: fields are the annotations of the class, given by name.

    >>> class Point(Record):
    ...     x: int
    ...     y: int = 0
    >>> Point(x=1)
    Point(x=1, y=0)
    """

    record_fields: ClassVar[tuple[str, ...]] = ()
    record_names: ClassVar[frozenset[str]] = frozenset()
    record_defaults: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        fields = dict.fromkeys(cls.record_fields)
        defaults = dict(cls.record_defaults)
        for name, annotation in inspect.get_annotations(cls).items():
            if getattr(annotation, "__origin__", None) is ClassVar:
                continue
            fields[name] = None
            if name in cls.__dict__:
                defaults[name] = cls.__dict__[name]
        cls.record_fields = tuple(fields)
        cls.record_names = frozenset(fields)
        cls.record_defaults = defaults

    def __init__(self, **values: Any) -> None:
        own = self.__dict__
        own.update(self.record_defaults)
        own.update(values)
        if own.keys() != self.record_names:
            self._raise_type_error(values)

    def _raise_type_error(self, values: dict[str, Any]) -> None:
        missing = [name for name in self.record_fields if name not in self.__dict__]
        unknown = [name for name in values if name not in self.record_fields]
        raise TypeError(f"{type(self).__name__}: missing {missing}, unknown {unknown}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, self.__dict__[name]) for name in self.record_fields)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *(self.__dict__[name] for name in self.record_fields)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self)})"

    def replace(self, **changes: Any) -> Self:
        """The same record with some fields replaced."""
        return type(self)(**{**dict(self), **changes})
