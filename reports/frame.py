"""The frame that every HTML file stands in: one self-contained file, no script, no request to anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harness import __version__

from . import text

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def environment() -> Environment:
    """Templates with autoescape on for everything, and what all of them use to write numbers and names."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (
        text.percent,
        text.interval,
        text.seconds,
        text.moment,
        text.dollars,
        text.count,
        text.number,
        text.one_line,
        text.pieces,
    ):
        made.filters[function.__name__] = function
    made.globals["plural"] = text.plural
    return made


def framed(
    templates: Environment, name: str, sections: Sequence[tuple[str, str, str]], styles: Sequence[str], **shown: object
) -> str:
    """The file of template `name` (which extends frame.html) around sections: (anchor, title, HTML that is escaped)."""
    style = "".join((_TEMPLATES / sheet).read_text(encoding="utf-8") for sheet in styles)
    return templates.get_template(name).render(sections=sections, style=style, version=__version__, **shown)
