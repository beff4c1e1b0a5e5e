"""Families of published networks: a module for each (names, configuration, refusals), listed in `__init__.py`.

One decision: a family is data, in a module of its own: a template of names, keys that are copied both ways, and what
is refused. The network knows no family.
"""

from __future__ import annotations

from aurora.model.families import gpt_bigcode, llama
from aurora.model.families.family import Family

FAMILIES: dict[str, Family] = {family.name: family for family in (gpt_bigcode.FAMILY, llama.FAMILY)}
