"""YAML without its surprises: no tags, aliases or duplicate keys, numbers only where they look like numbers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

LIMIT = 1_000_000  # bytes; a recipe has a few hundred


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalar types of YAML 1.2: ``on``, ``1_000`` and ``12:30:45`` are words."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse aliases: a kilobyte of them expands to gigabytes."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that is given twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = [key for i, key in enumerate(keys) if key in keys[:i]]
        if twice:
            raise yaml.YAMLError(f"key {twice[0]!r} is given twice")
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"null|~|", "n~\0"),
):
    _first_letters = ["" if letter == "\0" else letter for letter in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first_letters)


def load_yaml(path: Path) -> Any:
    """The content of a YAML or JSON file.

    Raises
    ------
    ValueError
        If the file is larger than a megabyte, nested too deeply, or not plain YAML; the message names the
        file.
    OSError
        If it cannot be read.
    """
    size = path.stat().st_size
    if size > LIMIT:
        raise ValueError(f"{path.name} has {size:,} bytes; a recipe has at most {LIMIT:,}")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deeply for a recipe") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not text in UTF-8 ({error.reason}); save the recipe as UTF-8") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not a valid recipe: {' '.join(str(error).split())}") from None
