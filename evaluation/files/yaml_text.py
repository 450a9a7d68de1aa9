"""YAML that a person wrote for us: rankings, queues, limits, training.

Promises: parsing ends in a value or in a `ValueError` with a sentence, whatever the bytes; a key that
stands twice in a mapping is refused, since one of the two would silently be forgotten.
"""

from typing import Any

import yaml

_MERGE = "tag:yaml.org,2002:merge"
_UNBUILT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What PyYAML's constructors raise on text that does not fit its tag, such as ``!!int ''``."""


def parse_yaml(content: bytes) -> Any:  # noqa: ANN401 # whatever stands there; a record judges it
    """Parse a document with YAML's plain types.

    Raises:
        ValueError: not YAML, a key twice, a date or number that cannot be, nested too deeply.
    """
    try:
        loader = yaml.SafeLoader(content)
        try:
            node = loader.get_single_node()
            _refuse_repeated_keys(loader, node)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {error}") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except _UNBUILT as error:
        raise ValueError(f"it holds a value that cannot be read ({error})") from error


def _refuse_repeated_keys(loader: yaml.SafeLoader, root: yaml.Node | None) -> None:
    # Before anything is built: building writes merged keys into the mappings.
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            keys = [k for k, _ in node.value if isinstance(k, yaml.ScalarNode) and k.tag != _MERGE]
            values = [loader.construct_object(key) for key in keys]
            for place, key in enumerate(keys):
                if values[place] in values[:place]:
                    problem = f"`{key.value}` stands twice in a mapping"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)
