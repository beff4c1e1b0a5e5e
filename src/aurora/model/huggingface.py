"""Checkpoints to and from the `transformers` layout, so that others can load ours and we can continue theirs.

One decision: tensors are streamed byte for byte in the type they have; only the configuration is translated. One that
this network would compute differently is refused, never approximated. `transformers` itself is not needed.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from aurora.console.progress import progress
from aurora.errors import AuroraError, UserError
from aurora.files import atomic_file, read_json, write_json
from aurora.hashes import digest_of
from aurora.model.adapters.merging import FOLDER as ADAPTERS
from aurora.model.converted import Converted
from aurora.model.dequantized import quantization, read_gguf_weights
from aurora.model.families import FAMILIES
from aurora.model.families.family import Family
from aurora.model.folder import fitting_text, fitting_weights, read_model, what_is_wrong, write_model
from aurora.model.new_entries import NewEntries, extended_embedding
from aurora.model.published import CONFIG, INDEX, WEIGHTS, find_model, model_identity, weight_files
from aurora.model.tensors import EMBEDDING, OUTPUT, POSITIONS
from aurora.model.weights import num_bytes, read_weights, refuse_not_finite, split_weights, write_weights
from aurora.recipe.model import ARCHITECTURE, DEQUANTIZED, LARGEST_VOCABULARY, Architecture
from aurora.run.folder import RECIPE
from aurora.run.manifest import written_folder
from aurora.tokens.text.companions import complete_companions
from aurora.tokens.text.published import find_gguf
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

__all__ = ["export_model", "import_checkpoint", "import_model", "model_identity", "published_architecture"]

SHARD_BYTES = 5_000_000_000  # the "5GB" at which transformers 4 splits, so an export looks as hub tools expect
EXPORTED = ("float32", "bfloat16", "float16")
AS_IT_IS = "PreTrainedTokenizerFast"
# `transformers` writes 10**30 for "no longest text"; no model reads as many tokens as this.
UNBOUNDED = 10**9


def export_model(checkpoint: Path, out: Path, shard_bytes: int = SHARD_BYTES, dtype: str | None = None) -> None:
    """Write the model folder `checkpoint` as a folder that `transformers` loads: weights, configuration, and its
    tokenizer's files unchanged.

    Weights are written as `dtype`; without it, trained weights (fp32) return to the type their model was published in,
    and others stay as they are. Adapters are in them, and beside them in peft's layout. They are split above
    `shard_bytes`. `out` appears whole or not at all, with a manifest; an older export there is replaced. Raises
    `UserError` where `out` holds anything else, `AuroraError` where `checkpoint` is damaged.
    """
    tensors, architecture, vocabulary, _ = read_model(checkpoint)
    read = (WEIGHTS, FILE, ARCHITECTURE, *COMPANIONS)
    inputs = {name: digest_of(checkpoint / name) for name in read if (checkpoint / name).is_file()}
    if dtype is None and {tensor.dtype for tensor in tensors.values()} == {torch.float32}:
        dtype = architecture.dtype
    kind = getattr(torch, _main_type(tensors))
    constants = FAMILIES[architecture.family].constant_tensors(architecture.layers)
    tensors |= {name: torch.tensor(value, dtype=kind) for name, value in constants.items()}
    weights = Converted(tensors, None if dtype is None else getattr(torch, dtype))
    with written_folder(out, "export", {"shard_bytes": shard_bytes, "dtype": dtype}, inputs) as partial:
        with progress(f"export {checkpoint.name}", num_bytes(weights.forms), "B") as bar:
            _write_shards(partial, weights, split_weights(weights.forms, shard_bytes), bar.update)
        with atomic_file(partial / FILE) as stream:
            stream.write((checkpoint / FILE).read_bytes())
        copy_companions(checkpoint, partial)
        if (checkpoint / ADAPTERS).is_dir():
            shutil.copytree(checkpoint / ADAPTERS, partial / ADAPTERS)
        complete_companions(partial, None)
        _complete_settings(partial / SETTINGS, architecture)
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
    """Read the checkpoint `path` (folder or GGUF file below `base`, or hub model) into the model `folder`.

    Weights keep their type and bytes; quantised ones of a GGUF file become fp32, and `dequantized.json` says so. A
    run's tokenizer (`tokenizer_file` and the files beside it) replaces the model's own where every id means the same;
    its `new_entries` get rows after the embedding's own. `positions` keeps the first of the model's, or adds rows that
    begin as copies of them in order (Beltagy et al., arXiv 2004.05150); `dropout` replaces the model's. Raises
    `UserError` where the checkpoint is of another kind or this network cannot compute it exactly, `AuroraError` where
    it is damaged.
    """
    source = find_model(path, revision, base)
    architecture, vocabulary = published_architecture(source / CONFIG)
    gguf = find_gguf(path, base)
    files = [] if gguf else weight_files(source)
    if not (source / FILE).is_file():
        raise UserError(f"{source} has no {FILE}: save its tokenizer there with transformers' save_pretrained.")
    tokenizer = fitting_text(source, vocabulary).tokenizer
    family = FAMILIES[architecture.family]
    tensors = _named(read_gguf_weights(gguf) if gguf else read_weights(files), family, source)
    embedding, output = map(family.tensor, (EMBEDDING, OUTPUT))
    head = tensors.pop(output, None) if architecture.tied else None
    if not architecture.tied and output not in tensors:
        raise AuroraError(
            f"{source}: {CONFIG} says that the output layer is not tied, but the weights hold no {output}: fetch the "
            "checkpoint again."
        )
    for name, value in family.constant_tensors(architecture.layers).items():
        stored = tensors.pop(name, None)
        if stored is not None and not torch.equal(stored, torch.tensor(value, dtype=stored.dtype)):
            raise UserError(
                f"{source}: {name} is {float(stored.flatten()[0]):g}, but this network computes {value:g} only."
            )
    weights = fitting_weights(tensors, architecture, vocabulary, source)
    refuse_not_finite(weights, source)
    if head is not None and not torch.equal(head, weights[embedding]):
        raise AuroraError(
            f"{source}: {CONFIG} says that the output layer is tied, but {output} is not the embedding: fetch the "
            "checkpoint again."
        )
    if tokenizer_file is not None:
        refuse_other_ids(tokenizer, load_tokenizer(tokenizer_file), tokenizer_file)
        if new_entries is not None:
            for name in {embedding, output} & weights.keys():
                weights[name] = extended_embedding(weights[name], tokenizer, tokenizer_file, new_entries)
        vocabulary = len(weights[embedding])
        fitting_text(tokenizer_file.parent, vocabulary)
    if positions is not None and architecture.rotary is None:
        own = weights[family.tensor(POSITIONS)]
        weights[family.tensor(POSITIONS)] = own[torch.arange(positions) % len(own)]
    elif positions is not None and positions > architecture.positions:
        raise UserError(
            f"model.positions is {positions:,}, but this model's rotary positions were trained up to "
            f"{architecture.positions:,}: set it to that or less."
        )
    kind = _main_type(weights)
    changes = {"positions": positions, "dropout": dropout, "dtype": kind if kind in EXPORTED else None}
    architecture = architecture.model_copy(update={key: new for key, new in changes.items() if new is not None})
    folder.mkdir(parents=True, exist_ok=True)
    with progress(f"import {path}", num_bytes(weights), "B") as bar:
        write_model(folder, weights, architecture, vocabulary, tokenizer_file or source / FILE, bar.update)
    complete_companions(folder, source)
    if gguf is not None:
        write_json(folder / DEQUANTIZED, quantization(gguf))


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


def _complete_settings(path: Path, architecture: Architecture) -> None:
    """Say how long texts may be, and that `tokenizer.json` is read as it is: transformers 5 makes other tokenizers of
    it by the names of classes, which do not know what was extended, or that SmolLM2 cuts digits apart."""
    settings = read_json(path)
    changes: dict[str, Any] = {"tokenizer_class": AS_IT_IS}
    longest = settings.get("model_max_length")
    # A run may have kept fewer positions than the tokenizer's own setting promises.
    if not isinstance(longest, int | float) or architecture.positions < longest < UNBOUNDED:
        changes["model_max_length"] = architecture.positions
    if settings | changes != settings:
        write_json(path, settings | changes)


def _named(tensors: Mapping[str, torch.Tensor], family: Family, where: Path) -> dict[str, torch.Tensor]:
    """The parameters by the family's names; a network saved without its output layer lacks their prefix."""
    named: dict[str, torch.Tensor] = {}
    output = family.tensor(OUTPUT)
    for name, tensor in tensors.items():
        full = name if name == output or name.startswith(family.prefix) else family.prefix + name
        if full in named:
            raise AuroraError(
                f"{where} holds {full} twice, with and without {family.prefix!r} before it: fetch the checkpoint again."
            )
        if not re.fullmatch(family.buffers, full):
            named[full] = tensor
    return named


def _main_type(tensors: Mapping[str, torch.Tensor]) -> str:
    """The type of most bytes."""
    sizes: Counter[str] = Counter()
    for tensor in tensors.values():
        sizes[str(tensor.dtype).removeprefix("torch.")] += tensor.nbytes
    return sizes.most_common(1)[0][0]


def _configuration(architecture: Architecture, vocabulary: int, dtype: str) -> dict[str, Any]:
    """`config.json` of a model for `transformers`."""
    family = FAMILIES[architecture.family]
    keys = {
        **family.configuration(architecture),
        "architectures": [family.network],
        "torch_dtype": dtype,
        "use_cache": True,
        "vocab_size": vocabulary,
    }
    return dict(sorted(keys.items()))


def _ids(text: TextFacts, generation: Mapping[str, Any]) -> dict[str, Any]:
    """The ids that a configuration repeats; null where there is none, because `transformers` has defaults of its
    own."""
    bos = text.tokenizer.token_to_id(text.names.get("bos_token", ""))
    pad = text.tokenizer.token_to_id(text.names.get("pad_token", ""))
    return {"bos_token_id": bos, "eos_token_id": generation.get("eos_token_id", text.end), "pad_token_id": pad}


def published_architecture(path: Path) -> tuple[Architecture, int]:
    """(architecture, vocabulary) of a `config.json`; `UserError` for what this network cannot compute exactly."""
    if not path.is_file():
        folder = path.parent
        if (folder / ARCHITECTURE).is_file() or (folder / RECIPE).is_file():
            raise UserError(
                f"{folder} is Aurora's own: write it as a Hugging Face model first (aurora export {folder} DIR, with "
                "--stage STAGE for an earlier stage of a run), and give DIR."
            )
        raise UserError(f"{path} does not exist: give the folder of a Hugging Face model.")
    values = read_json(path)
    kind = values.get("model_type") if isinstance(values, dict) else None
    family = FAMILIES.get(str(kind))
    if family is None:
        raise UserError(f"{path}: model_type is {kind!r}; models that can be continued are {', '.join(FAMILIES)}.")
    if quantized := values.get("quantization_config"):
        kind = quantized.get("quant_method") if isinstance(quantized, dict) else quantized
        raise UserError(
            f"{path}: the weights are quantized ({kind}), which cannot be trained: give the unquantized model."
        )
    vocabulary = values.get("vocab_size", family.defaults["vocab_size"])
    if type(vocabulary) is not int or not 0 < vocabulary <= LARGEST_VOCABULARY:
        shown = str(vocabulary)[:40]  # a damaged file may hold a value of any length
        raise UserError(f"{path}: vocab_size is {shown}, not a number of tokens (at most {LARGEST_VOCABULARY:,}).")
    try:
        return family.architecture(values), vocabulary
    except ValidationError as error:
        raise UserError(f"{path} does not describe a {family.name} network ({what_is_wrong(error)}).") from error
    except ValueError as error:
        raise UserError(f"{path}: {error}.") from error
    except (AttributeError, KeyError, TypeError) as error:  # a value of a form that no family expects
        raise UserError(f"{path} does not describe a {family.name} network ({error!r}).") from error
