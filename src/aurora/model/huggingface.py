"""Checkpoints to and from the `transformers` layout, so that others can load ours and we can continue theirs.

One decision: tensors are copied byte for byte in the type they have, as a stream; only the configuration is translated.
A configuration that this network would compute differently is refused, never approximated. `transformers` is not
needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from aurora.errors import AuroraError, UserError
from aurora.files import atomic_file, read_json, write_json
from aurora.hashes import digest_of
from aurora.model.converted import Converted
from aurora.model.folder import fitting_text, fitting_weights, read_model, what_is_wrong, write_model
from aurora.model.new_entries import NewEntries, extended_embedding
from aurora.model.published import CONFIG, INDEX, WEIGHTS, find_model, model_identity, weight_files
from aurora.model.tensors import EMBEDDING, OUTPUT, POSITIONS
from aurora.model.weights import num_bytes, read_weights, refuse_not_finite, split_weights, write_weights
from aurora.progress import progress
from aurora.recipe.model import ARCHITECTURE, LARGEST_VOCABULARY, Architecture
from aurora.run.manifest import written_folder
from aurora.tokens.text.text_facts import (
    COMPANIONS,
    FILE,
    SETTINGS,
    TextFacts,
    copy_companions,
    generation_settings,
    load_tokenizer,
    read_text,
    refuse_other_ids,
)
from aurora.tokens.text.tokenizer import complete_companions

__all__ = ["export_model", "import_checkpoint", "import_model", "model_identity", "published_architecture"]

SHARD_BYTES = 5_000_000_000
EXPORTED = ("float32", "bfloat16", "float16")
ACTIVATIONS = {"gelu": "gelu", "gelu_pytorch_tanh": "gelu_pytorch_tanh", "gelu_new": "gelu_pytorch_tanh"}
# What transformers assumes for keys that a configuration leaves out.
DEFAULTS: dict[str, Any] = {
    "vocab_size": 50257,
    "n_positions": 1024,
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
    "n_inner": None,
    "activation_function": "gelu_pytorch_tanh",
    "resid_pdrop": 0.1,
    "embd_pdrop": 0.1,
    "attn_pdrop": 0.1,
    "layer_norm_epsilon": 1e-5,
    "initializer_range": 0.02,
    "multi_query": True,
    "scale_attn_weights": True,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
PREFIX = "transformer."
# What a model of others counts as no bound at all.
UNBOUNDED = 10**9
# Buffers that older files carry beside the weights: causal masks, which are not parameters.
BUFFER = re.compile(r"transformer\.(h\.\d+\.attn\.(masked_)?)?bias")


def export_model(checkpoint: Path, out: Path, shard_bytes: int = SHARD_BYTES, dtype: str | None = None) -> None:
    """Write the model folder `checkpoint` as a folder that `transformers` loads: weights, configuration, and the files
    of its text as they are.

    Weights are of the type `dtype`; without it those that were trained, in fp32, go back to the type their model was
    published in, and others stay as they are. They are split above `shard_bytes`. `out` appears whole or not at all,
    with a manifest; an older export there is replaced. Raises `UserError` where `out` holds anything else,
    `AuroraError` where `checkpoint` is damaged.
    """
    tensors, architecture, vocabulary, _ = read_model(checkpoint)
    read = (WEIGHTS, FILE, ARCHITECTURE, *COMPANIONS)
    inputs = {name: digest_of(checkpoint / name) for name in read if (checkpoint / name).is_file()}
    if dtype is None and {tensor.dtype for tensor in tensors.values()} == {torch.float32}:
        dtype = architecture.dtype
    weights = Converted(tensors, None if dtype is None else getattr(torch, dtype))
    with written_folder(out, "export", {"shard_bytes": shard_bytes, "dtype": dtype}, inputs) as partial:
        with progress(f"export {checkpoint.name}", num_bytes(weights.forms), "B") as bar:
            _write_shards(partial, weights, split_weights(weights.forms, shard_bytes), bar.update)
        with atomic_file(partial / FILE) as stream:
            stream.write((checkpoint / FILE).read_bytes())
        copy_companions(checkpoint, partial)
        complete_companions(partial, None)
        settings = read_json(partial / SETTINGS)
        longest = settings.get("model_max_length")
        if not isinstance(longest, int | float) or architecture.positions < longest < UNBOUNDED:  # cut since
            write_json(partial / SETTINGS, {**settings, "model_max_length": architecture.positions})
        ids = _ids(read_text(partial), generation_settings(partial))
        write_json(partial / CONFIG, _configuration(architecture, vocabulary, _main_type(weights.forms)) | ids)


def import_model(
    path: str,
    revision: str | None,
    base: Path,
    folder: Path,
    *,
    tokenizer_file: Path | None = None,
    new_entries: NewEntries | None = None,
    positions: int | None = None,
    dropout: float | None = None,
) -> None:
    """Read the GPT-BigCode checkpoint `path` (folder relative to `base`, or hub model) into the model folder `folder`.

    Weights keep their type and bytes. A run's tokenizer (`tokenizer_file`, with what lies beside it) takes the place
    of the model's own where every id means the same; its `new_entries` get rows behind the embedding. `positions`
    keeps the first of the model's, or adds rows that begin as copies of them in order (Beltagy et al., arXiv
    2004.05150); `dropout` replaces its own. Raises `UserError` where the checkpoint is of another kind or cannot be
    computed exactly by this network, `AuroraError` where it is damaged.
    """
    source = find_model(path, revision, base)
    architecture, vocabulary = published_architecture(source / CONFIG)
    files = weight_files(source)
    if not (source / FILE).is_file():
        raise UserError(f"{source} has no {FILE}: save its tokenizer with transformers' save_pretrained first.")
    tokenizer = fitting_text(source, vocabulary).tokenizer
    tensors = _named(read_weights(files), source)
    head = tensors.pop(OUTPUT, None) if architecture.tied else None
    if not architecture.tied and OUTPUT not in tensors:
        raise AuroraError(f"{source} says that its output layer is not tied, but holds no {OUTPUT}.")
    weights = fitting_weights(tensors, architecture, vocabulary, source)
    refuse_not_finite(weights, source)
    if head is not None and not torch.equal(head, weights[EMBEDDING]):
        raise AuroraError(f"{source} says that its output layer is tied, but its {OUTPUT} is not the embedding.")
    if tokenizer_file is not None:
        refuse_other_ids(tokenizer, load_tokenizer(tokenizer_file), tokenizer_file)
        if new_entries is not None:
            for name in {EMBEDDING, OUTPUT} & weights.keys():
                weights[name] = extended_embedding(weights[name], tokenizer, tokenizer_file, new_entries)
        vocabulary = len(weights[EMBEDDING])
        fitting_text(tokenizer_file.parent, vocabulary)
    if positions is not None:
        own = weights[POSITIONS]
        weights[POSITIONS] = own[torch.arange(positions) % len(own)]
    kind = _main_type(weights)
    changes = {"positions": positions, "dropout": dropout, "dtype": kind if kind in EXPORTED else None}
    architecture = architecture.model_copy(update={key: new for key, new in changes.items() if new is not None})
    folder.mkdir(parents=True, exist_ok=True)
    with progress(f"import {path}", num_bytes(weights), "B") as bar:
        write_model(folder, weights, architecture, vocabulary, tokenizer_file or source / FILE, bar.update)
    complete_companions(folder, source)


def import_checkpoint(path: str, revision: str | None, base: Path, out: Path) -> None:
    """`import_model` into a folder of its own, which appears whole or not at all, with a manifest.

    An older import there is replaced.
    """
    inputs = {"model": model_identity(path, revision, base)}
    with written_folder(out, "import", {"revision": revision}, inputs) as partial:
        import_model(path, revision, base, partial)


def _write_shards(folder: Path, weights: Converted, shards: list[list[str]], report: Callable[[int], object]) -> None:
    if len(shards) == 1:
        write_weights(folder / WEIGHTS, weights, report, weights.forms)
        return
    places: dict[str, str] = {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        write_weights(folder / file, weights, report, {name: weights.forms[name] for name in names})
        places |= dict.fromkeys(names, file)
    write_json(folder / INDEX, {"metadata": {"total_size": num_bytes(weights.forms)}, "weight_map": places})


def _named(tensors: Mapping[str, torch.Tensor], where: Path) -> dict[str, torch.Tensor]:
    """The parameters by the network's names: those of a network without its output layer lack their beginning."""
    named: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        full = name if name == OUTPUT or name.startswith(PREFIX) else PREFIX + name
        if full in named:
            raise AuroraError(f"{where} holds {full} twice, also without its beginning: fetch the checkpoint again.")
        if not BUFFER.fullmatch(full):
            named[full] = tensor
    return named


def _main_type(tensors: Mapping[str, torch.Tensor]) -> str:
    """The type that most bytes are of."""
    sizes: Counter[str] = Counter()
    for tensor in tensors.values():
        sizes[str(tensor.dtype).removeprefix("torch.")] += tensor.nbytes
    return sizes.most_common(1)[0][0]


def _configuration(architecture: Architecture, vocabulary: int, dtype: str) -> dict[str, Any]:
    """`config.json` of a model for `transformers`."""
    return {
        "activation_function": architecture.activation,
        "architectures": ["GPTBigCodeForCausalLM"],
        "attention_softmax_in_fp32": True,
        "attn_pdrop": architecture.dropout,
        "embd_pdrop": architecture.dropout,
        "initializer_range": architecture.initializer_range,
        "layer_norm_epsilon": architecture.norm_epsilon,
        "model_type": "gpt_bigcode",
        "multi_query": architecture.multi_query,
        "n_embd": architecture.width,
        "n_head": architecture.heads,
        "n_inner": architecture.mlp_width,
        "n_layer": architecture.layers,
        "n_positions": architecture.positions,
        "resid_pdrop": architecture.dropout,
        "scale_attention_softmax_in_fp32": True,
        "scale_attn_weights": True,
        "tie_word_embeddings": architecture.tied,
        "torch_dtype": dtype,
        "use_cache": True,
        "vocab_size": vocabulary,
    }


def _ids(text: TextFacts, generation: Mapping[str, Any]) -> dict[str, Any]:
    """The ids that a configuration repeats."""
    bos = text.tokenizer.token_to_id(text.names.get("bos_token", ""))
    pad = text.tokenizer.token_to_id(text.names.get("pad_token", ""))
    found = {"bos_token_id": bos, "eos_token_id": generation.get("eos_token_id", text.end), "pad_token_id": pad}
    return {key: index for key, index in found.items() if index is not None}


def published_architecture(path: Path) -> tuple[Architecture, int]:
    """(architecture, vocabulary) of a `config.json`; what this network cannot do exactly is a `UserError`."""
    if not path.is_file():
        raise UserError(f"{path} does not exist: give the folder of a Hugging Face model.")
    values = read_json(path)
    if not isinstance(values, dict) or values.get("model_type") != "gpt_bigcode":
        kind = values.get("model_type") if isinstance(values, dict) else None
        raise UserError(f"{path}: model_type is {kind!r}; only gpt_bigcode models can be continued.")
    if quantized := values.get("quantization_config"):
        kind = quantized.get("quant_method") if isinstance(quantized, dict) else quantized
        raise UserError(
            f"{path}: the weights are quantized ({kind}), which cannot be trained: give the model they were made from."
        )
    values = {**DEFAULTS, **values}
    if str(values["activation_function"]) not in ACTIVATIONS:
        raise UserError(
            f"{path}: activation_function is {values['activation_function']!r}; known are {', '.join(ACTIVATIONS)}."
        )
    if not values["scale_attn_weights"] or values["add_cross_attention"]:
        raise UserError(f"{path}: attention without scaling, and cross-attention, are not part of this network.")
    dropouts = [values[key] for key in ("resid_pdrop", "embd_pdrop", "attn_pdrop")]
    if dropouts != dropouts[:1] * 3:
        raise UserError(f"{path}: resid_pdrop, embd_pdrop and attn_pdrop differ; make them equal (0 to train without).")
    vocabulary = values["vocab_size"]
    if type(vocabulary) is not int or not 0 < vocabulary <= LARGEST_VOCABULARY:
        shown = str(vocabulary)[:40]
        raise UserError(f"{path}: vocab_size is {shown}, not a number of tokens (at most {LARGEST_VOCABULARY:,}).")
    try:
        return Architecture.model_validate(
            {
                "layers": values["n_layer"],
                "width": values["n_embd"],
                "heads": values["n_head"],
                "inner": values["n_inner"],
                "positions": values["n_positions"],
                "multi_query": values["multi_query"],
                "tied": values["tie_word_embeddings"],
                "activation": ACTIVATIONS[values["activation_function"]],
                "dropout": dropouts[0],
                "norm_epsilon": values["layer_norm_epsilon"],
                "initializer_range": values["initializer_range"],
            }
        ), vocabulary
    except ValidationError as error:
        raise UserError(f"{path} does not describe a GPT-BigCode network ({what_is_wrong(error)}).") from error
