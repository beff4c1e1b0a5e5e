"""Aurora's model folder: `model.safetensors`, `architecture.json`, `tokenizer.json` and the tokenizer's other files.

One decision: the folder is complete exactly when `architecture.json` is there, because it is removed first and written
last. Weights keep the type they came with; `load_model` converts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor

from aurora.errors import AuroraError
from aurora.files import atomic_file, read_json, write_json
from aurora.model.network import Network
from aurora.model.tensors import tensor_table
from aurora.model.weights import read_weights, write_weights
from aurora.recipe.model import ARCHITECTURE, LARGEST_VOCABULARY, WEIGHTS, Architecture
from aurora.tokens.text.text_facts import FILE, TextFacts, copy_companions, read_text
from aurora.written.complaints import FOLLOWS, MISSING, UNKNOWN, complaint

TRAINABLE = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def save_model(model: Network, folder: Path, tokenizer_file: Path) -> None:
    """Write `model` and copies of its tokenizer's files into `folder`; the same weights give the same bytes.

    Raises `AuroraError` where the tokenizer is missing or the disk is full.
    """
    write_model(folder, model.named, model.architecture, model.vocabulary, tokenizer_file)


def write_model(
    folder: Path,
    tensors: Mapping[str, Tensor],
    architecture: Architecture,
    vocabulary: int,
    tokenizer_file: Path,
    report: Callable[[int], object] | None = None,
    forms: Mapping[str, Tensor] | None = None,
) -> None:
    """`save_model` for weights that are not in a network, by parameter name; `report` and `forms` as in
    `write_weights`."""
    try:
        tokenizer = tokenizer_file.read_bytes()
    except OSError as error:
        raise AuroraError(
            f"{tokenizer_file} cannot be read ({error.strerror}): put the model's tokenizer there."
        ) from error
    (folder / ARCHITECTURE).unlink(missing_ok=True)
    write_weights(folder / WEIGHTS, tensors, report, forms)
    with atomic_file(folder / FILE) as stream:
        stream.write(tokenizer)
    copy_companions(tokenizer_file.parent, folder)
    write_json(folder / ARCHITECTURE, {"vocabulary": vocabulary, **architecture.model_dump(mode="json")})


def load_model(
    folder: Path, device: str | torch.device = "cpu", dtype: torch.dtype = torch.float32
) -> tuple[Network, TextFacts]:
    """The network in `folder` (in training mode, as PyTorch builds it) and the facts of its text.

    Raises `AuroraError` naming the file that is missing, damaged or does not fit the others.
    """
    tensors, architecture, vocabulary, text = read_model(folder)
    with torch.device("meta"):
        model = Network(architecture, vocabulary)
    model.to(dtype).to_empty(device=device)
    model.fill(tensors)
    return model, text


def read_model(folder: Path) -> tuple[dict[str, Tensor], Architecture, int, TextFacts]:
    """The parts of a model folder, checked against each other: weights (mapped, in the network's order), architecture,
    vocabulary size and text. Raises like `load_model`."""
    architecture, vocabulary = read_architecture(folder)
    tensors = read_weights([folder / WEIGHTS])
    ordered = fitting_weights(tensors, architecture, vocabulary, folder / WEIGHTS)
    return ordered, architecture, vocabulary, fitting_text(folder, vocabulary)


def read_architecture(folder: Path) -> tuple[Architecture, int]:
    """(architecture, vocabulary) of a model folder, without its weights."""
    path = folder / ARCHITECTURE
    if not path.is_file():
        raise AuroraError(f"{folder} is not a finished model folder: it has no {ARCHITECTURE}. Make the model again.")
    values = read_json(path)
    vocabulary = values.pop("vocabulary", None) if isinstance(values, dict) else None
    if type(vocabulary) is not int or not 0 < vocabulary <= LARGEST_VOCABULARY:
        raise AuroraError(f"{path} describes no network (it has no vocabulary size): make the model again.")
    try:
        return Architecture.model_validate(values), vocabulary
    except ValidationError as error:
        raise AuroraError(f"{path} describes no network ({what_is_wrong(error)}): make the model again.") from error


def fitting_text(folder: Path, vocabulary: int) -> TextFacts:
    """The facts of a model's text; `AuroraError` naming the file where an id is not below `vocabulary`."""
    path = folder / FILE
    if not path.is_file():
        raise AuroraError(f"{path} does not exist: a model needs its tokenizer beside it.")
    text = read_text(folder)
    if text.vocabulary > vocabulary:
        raise AuroraError(
            f"{path} has token id {text.vocabulary - 1}, but the model's last id is {vocabulary - 1}: put the model's "
            "own tokenizer there."
        )
    return text


def fitting_weights(
    tensors: Mapping[str, Tensor], architecture: Architecture, vocabulary: int, where: Path
) -> dict[str, Tensor]:
    """`tensors` in the network's order; a missing, unknown or misshapen one is an `AuroraError` naming it."""
    expected = tensor_table(architecture, vocabulary)
    for name, spec in expected.items():
        if name not in tensors:
            raise AuroraError(f"{where} lacks {name}: fetch or make the checkpoint again.")
        if tensors[name].shape != spec.shape:
            raise AuroraError(
                f"{where}: {name} has shape {list(tensors[name].shape)}, but the architecture says {list(spec.shape)}: "
                "fetch or make the checkpoint again."
            )
        if tensors[name].dtype not in TRAINABLE:
            kind = str(tensors[name].dtype).removeprefix("torch.")
            raise AuroraError(
                f"{where}: {name} is {kind}, which cannot be trained: convert the weights to float32, bfloat16 or "
                "float16 first."
            )
    unknown = sorted(tensors.keys() - expected.keys())
    if unknown:
        raise AuroraError(
            f"{where} holds {unknown[0]}, which the architecture does not have: fetch or make the checkpoint again."
        )
    return {name: tensors[name] for name in expected}


_said = {MISSING: "is missing", UNKNOWN: "is not known"}


def what_is_wrong(error: ValidationError) -> str:
    """Why an architecture is refused, in one line: each key and its problem."""
    problems = error.errors(include_url=False)
    return "; ".join(
        ": ".join([*map(str, problem["loc"]), _said.get(problem["type"]) or complaint(problem)])
        for problem in problems
        if problem["type"] != FOLLOWS
    )
