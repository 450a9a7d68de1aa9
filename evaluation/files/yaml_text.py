"""YAML that a person wrote for us: rankings, queues, limits, training.

Promises: parsing ends in a value or in a `ValueError` with a sentence, whatever the bytes; a key that
stands twice in a mapping is refused, since one of the two would silently be forgotten.
"""

from collections.abc import Hashable
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                named = (key.tag, key.value)
                if named in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"`{key.value}` stands twice in a mapping", key.start_mark
                    )
                seen.add(named)
        return super().construct_mapping(node, deep=deep)


def parse_yaml(content: bytes) -> Any:  # noqa: ANN401 # whatever stands there; a record judges it
    """Parse a document with YAML's plain types.

    Raises:
        ValueError: not YAML, a key twice, a date or number that cannot be, nested too deeply.
    """
    try:
        return yaml.load(content, Loader=_Loader)  # noqa: S506 # a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {error}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
