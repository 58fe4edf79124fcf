"""Files that people write, in YAML, TOML or JSON: read safely, mistakes told by file, line and field."""

from overshoot_testkit.documents._document import Document, DocumentError, Path, Problem, field_name
from overshoot_testkit.documents._reading import Kind, kind_of, parse, read
from overshoot_testkit.documents._words import near

__all__ = [
    "Document",
    "DocumentError",
    "Kind",
    "Path",
    "Problem",
    "field_name",
    "kind_of",
    "near",
    "parse",
    "read",
]
