"""The templates of what is written, each read once in a process."""

from __future__ import annotations

import functools

import jinja2


def template(package: str, name: str) -> jinja2.Template:
    """A template beside the modules of a package; what it names and is not given is an error."""
    return _environment(package).get_template(name)


@functools.cache
def _environment(package: str) -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, "."),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
