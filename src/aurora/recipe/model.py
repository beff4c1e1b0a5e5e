"""The recipe's `model` table: the architecture, or the checkpoint to start from.

One decision: this is the configuration of GPT-BigCode without torch, so that the planner and the report can read it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aurora.recipe.base import Section
from aurora.recipe.names import Revision

# Files of a model's folder: its `Architecture`, by which the folder is recognised, and its tensors.
ARCHITECTURE, WEIGHTS = "architecture.json", "model.safetensors"
# Ten times the largest networks that anybody has trained; more is a slip of the keyboard, or an attack.
MOST_LAYERS = 4096
LARGEST_WIDTH = 1 << 20
LONGEST = 1 << 24  # tokens of a sequence
LARGEST_VOCABULARY = 1 << 24
MOST_PARAMETERS = 10**13


class Architecture(Section):
    """GPT-BigCode: pre-norm transformer, learned positions, biases everywhere but in the output layer."""

    layers: int = Field(ge=1, le=MOST_LAYERS, description="Transformer blocks.")
    width: int = Field(ge=1, le=LARGEST_WIDTH, description="Hidden size.")
    heads: int = Field(ge=1, le=LARGEST_WIDTH, description="Query heads.")
    inner: int | None = Field(
        None, ge=1, le=8 * LARGEST_WIDTH, description="Width of the MLP; four times `width` without it."
    )
    positions: int = Field(ge=1, le=LONGEST, description="Longest sequence, in tokens.")
    multi_query: bool = Field(True, description="One key/value head shared by all query heads.")
    tied: bool = Field(True, description="The output layer is the token embedding itself.")
    activation: Literal["gelu", "gelu_pytorch_tanh"] = Field(
        "gelu_pytorch_tanh", description="Exact GELU or its tanh form."
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout on embeddings, attention and residuals while training."
    )
    norm_epsilon: float = Field(1e-5, gt=0, description="Epsilon of the layer norms.")
    initializer_range: float = Field(0.02, gt=0, description="Standard deviation of new weights.")
    dtype: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="Type that weights are exported in; an imported model has the one it was published in."
    )

    @property
    def mlp_width(self) -> int:
        """Width of the MLP: `inner`, or four times `width` as in GPT-2."""
        return self.inner or 4 * self.width

    @property
    def head_width(self) -> int:
        """Width of a head."""
        return self.width // self.heads

    @property
    def key_value_heads(self) -> int:
        """Heads of keys and values."""
        return 1 if self.multi_query else self.heads

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Architecture:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not divisible by heads {self.heads}")
        return self

    @model_validator(mode="after")
    def _of_a_possible_size(self) -> Architecture:
        block = self.width * (2 * self.width + 2 * self.mlp_width)  # its matrices, with one key head
        if (least := self.layers * block + self.positions * self.width) > MOST_PARAMETERS:
            raise ValueError(f"a network of {least:,} parameters or more; {MOST_PARAMETERS:,} are the most")
        return self


class Model(Section):
    """Either a new network (`architecture`) or an imported checkpoint (`path`)."""

    architecture: Architecture | None = Field(None, description="Shape of a new network.")
    path: str | None = Field(
        None, description="Hugging Face folder or hub model of the GPT-BigCode family to continue."
    )
    revision: Revision | None = Field(None, description="Commit hash of the hub model.")
    positions: int | None = Field(
        None,
        ge=1,
        le=LONGEST,
        description="Longest sequence of the imported model: its first positions, or more, which begin as copies.",
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout of the imported model in training, whatever it was published with."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Model:
        if (self.architecture is None) == (self.path is None):
            raise ValueError("give exactly one of `architecture` and `path`")
        if self.path is None and (self.positions is not None or self.dropout):
            raise ValueError("`positions` and `dropout` are of an imported model: a new one has them in `architecture`")
        return self


# Shapes of the published family, to plan with before anything is downloaded: (architecture, vocabulary).
PUBLISHED = {
    "bigcode/tiny_starcoder_py": (Architecture(layers=20, width=768, heads=12, positions=8192), 49152),
    "bigcode/starcoderbase-1b": (Architecture(layers=24, width=2048, heads=16, positions=8192), 49152),
    "bigcode/starcoderbase-3b": (Architecture(layers=36, width=2816, heads=22, positions=8192), 49152),
    "bigcode/starcoderbase-7b": (Architecture(layers=42, width=4096, heads=32, positions=8192), 49152),
    "bigcode/starcoderplus": (Architecture(layers=40, width=6144, heads=48, positions=8192), 49152),
}
