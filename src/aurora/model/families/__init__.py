"""Families of published networks: a module for each (names, configuration, refusals), listed in `__init__.py`.

One decision: a family is data: the names of its tensors, the keys that are copied both ways, and what is refused. No
code of the network asks for the family.
"""

from __future__ import annotations

from aurora.model.families import apertus, gemma3, gpt_bigcode, llama, mistral, olmo2, olmo3, qwen2, qwen3, smollm3
from aurora.model.families.family import Family

FAMILIES: dict[str, Family] = {
    module.FAMILY.name: module.FAMILY
    for module in (gpt_bigcode, llama, mistral, qwen2, qwen3, smollm3, olmo2, gemma3, apertus, olmo3)
}
