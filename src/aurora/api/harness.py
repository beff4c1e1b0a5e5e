"""The model `aurora` of lm-evaluation-harness: `lm_eval --model aurora --model_args path=...`.

One decision: importing this module registers the model, as the harness looks for no packages that bring models of their
own; `python -m aurora.lm_eval` does so and then is the harness's command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lm_eval.api.registry import register_model

from aurora.api.checkpoints import load_checkpoint
from aurora.errors import UserError
from aurora.evaluation.scorer.lm import AuroraLM
from aurora.nearest import meant

DTYPES = ("float32", "bfloat16", "float16")
ARGUMENTS = ("path", "pretrained", "stage", "dtype", "device", "batch_size", "start_always", "seed", "cache")
_IDLE = ("max_batch_size", "trust_remote_code")  # what the harness adds of itself


@register_model("aurora")
class HarnessLM(AuroraLM):
    """A checkpoint that the harness loads by its path."""

    @classmethod
    def create_from_arg_obj(
        cls, arg_dict: Mapping[str, Any], additional_config: Mapping[str, Any] | None = None
    ) -> HarnessLM:
        """The model of `--model_args`; `UserError` names one that is not known."""
        given = {**{key: value for key, value in (additional_config or {}).items() if value is not None}, **arg_dict}
        for name in given:
            if name not in (*ARGUMENTS, *_IDLE):
                raise UserError(f"model_args: {name} is not known ({meant(name, ARGUMENTS, 'arguments')}).")
        path = given.get("path", given.get("pretrained"))
        if not path:
            raise UserError("model_args: no checkpoint is named: write path=CHECKPOINT.")
        checkpoint = load_checkpoint(Path(str(path)), given.get("stage"), device=_device(given.get("device")))
        dtype = str(given.get("dtype", DTYPES[0]))
        if dtype not in DTYPES:
            raise UserError(f"model_args: dtype={dtype} is none of {', '.join(DTYPES)}.")
        import torch

        network = checkpoint.network.to(getattr(torch, dtype))
        cache = given.get("cache")
        return cls(
            network,
            checkpoint.text,
            batch_size=_batch_size(given.get("batch_size")),
            start_always=given.get("start_always") in (True, "True", "true"),
            seed=_seed(given.get("seed", 0)),
            cache=Path(str(cache)) if cache else None,
        )

    @classmethod
    def create_from_arg_string(cls, arg_string: str, additional_config: Mapping[str, Any] | None = None) -> HarnessLM:
        """The same of `key=value,key=value`."""
        from lm_eval.utils import simple_parse_args_string

        return cls.create_from_arg_obj(simple_parse_args_string(arg_string), additional_config)

    def get_model_info(self) -> dict[str, Any]:
        """What the harness writes of a model beside its results."""
        return self.describe()


def _device(given: object) -> str | None:
    """The harness says `cuda:0` of itself, on any machine; None leaves the choice to the machine."""
    import torch

    if given is None or (str(given).startswith("cuda") and not torch.cuda.is_available()):
        return None
    return str(given)


def _seed(given: object) -> int:
    try:
        return int(str(given))
    except ValueError as error:
        raise UserError(f"model_args: seed={given} is no whole number.") from error


def _batch_size(given: object) -> int | None:
    """Pieces of text that share a pass; 1, the harness's own, and `auto` are what memory allows: no score moves."""
    if given is None or str(given).startswith("auto") or given in (1, "1"):
        return None
    try:
        size = int(str(given))
    except ValueError:
        size = 0
    if size < 1:
        raise UserError(f"batch_size={given} is no number of texts: give 1 or more, or auto.")
    return size
