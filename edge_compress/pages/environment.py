"""The templates of the pages, and how they write figures."""

from __future__ import annotations

import re

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from edge_compress.pages import units


def environment(package: str) -> Environment:
    """Templates that escape what they are given and fail on what they are not.

    Args:
        package: the one whose folder `templates` has them; they may include what lies in ours.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("edge_compress.pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        megabytes=units.megabytes,
        amount=units.amount,
        milliseconds=units.milliseconds,
        percent=units.percent,
        points=units.points,
        share=units.share,
        times=units.times,
        duration=units.duration,
        breakable=_breakable,
    )
    return made


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line behind each of its words."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(name))))
