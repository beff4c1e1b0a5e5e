"""GPT-BigCode, the network of the StarCoder family and of AURORA-M, in plain PyTorch.

One decision: module and parameter names are those of transformers' `GPTBigCodeForCausalLM`, so importing and exporting
a checkpoint copies tensors and renames nothing. Where the output layer is the token embedding itself (tied) there is no
`lm_head`. A layer reads the number of its heads from its tensors, and blocks are kept by number, so a rank may hold a
part of a layer, or some of the blocks under their own names.

Shapes: B sequences, T tokens, W width, V vocabulary.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from aurora.errors import UserError
from aurora.model.cross_entropy import linear_cross_entropy
from aurora.model.layers.causal_attention import KeyValueCache, LayerCache, cached_attention, causal_attention
from aurora.model.tensors import TensorSpec, tensor_table
from aurora.model.untraced import untraced
from aurora.recipe.model import Architecture

EVALUATION_ROWS = 2048  # token positions whose logits exist at a time where no gradient is wanted


class Attention(nn.Module):
    """Self-attention; `c_attn` holds query, key and value in transformers' order.

    Multi-query: all query heads, then the one key, then the one value. Multi-head: query, key and value of the first
    head, then of the second, and so on.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.head_width = architecture.head_width
        self.multi_query = architecture.multi_query
        self.dropout = architecture.dropout
        self.recompute = False  # compute it again in the backward pass, instead of keeping the attention weights
        keys = 2 * architecture.key_value_heads * self.head_width
        self.c_attn = nn.Linear(architecture.width, architecture.width + keys)
        self.c_proj = nn.Linear(architecture.width, architecture.width)

    def forward(
        self,
        hidden: Tensor,
        positions: Tensor,
        cache: LayerCache | None = None,
        visible: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """[B, T, W] to [B, T, W]. With a cache the keys and values are kept there; with `visible` [B, T, S] the cache
        is read too. `documents` [B, T] keeps attention within each document."""
        query, key, value = self._split(self.c_attn(hidden))
        if cache is not None:
            cache.write(positions, key, value)
        if cache is not None and visible is not None:
            mixed = cached_attention(query, *cache.read(visible.shape[-1]), visible)
        else:
            dropout = self.dropout if self.training else 0.0
            mixed = _mixed(query, key, value, dropout, documents, self.recompute and torch.is_grad_enabled())
        projected: Tensor = self.c_proj(mixed.flatten(2))
        return F.dropout(projected, self.dropout, self.training)

    def _split(self, joined: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query [B, T, H, D], key and value [B, T, K, D] out of `c_attn`'s output."""
        heads = joined.view(*joined.shape[:-1], -1, self.head_width)
        if self.multi_query:
            return heads[:, :, :-2], heads[:, :, -2:-1], heads[:, :, -1:]
        return heads[:, :, 0::3], heads[:, :, 1::3], heads[:, :, 2::3]


@untraced
def _mixed(
    query: Tensor, key: Tensor, value: Tensor, dropout: float, documents: Tensor | None, recompute: bool
) -> Tensor:
    """`causal_attention`, with `recompute` once more in the backward pass."""
    if not recompute:
        return causal_attention(query, key, value, dropout, documents)
    mixed: Tensor = checkpoint(causal_attention, query, key, value, dropout, documents, use_reentrant=False)
    return mixed


class MLP(nn.Module):
    """Two linear layers with exact or tanh GELU between."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.c_fc = nn.Linear(architecture.width, architecture.mlp_width)
        self.c_proj = nn.Linear(architecture.mlp_width, architecture.width)
        self.approximate = "tanh" if architecture.activation == "gelu_pytorch_tanh" else "none"
        self.dropout = architecture.dropout

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, T, W] to [B, T, W]."""
        projected: Tensor = self.c_proj(F.gelu(self.c_fc(hidden), approximate=self.approximate))
        return F.dropout(projected, self.dropout, self.training)


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(architecture.width, eps=architecture.norm_epsilon)
        self.attn = Attention(architecture)
        self.ln_2 = nn.LayerNorm(architecture.width, eps=architecture.norm_epsilon)
        self.mlp = MLP(architecture)

    def forward(
        self,
        hidden: Tensor,
        positions: Tensor,
        cache: LayerCache | None = None,
        visible: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """[B, T, W] to [B, T, W]; the other arguments as in `Attention`."""
        hidden = hidden + self.attn(self.ln_1(hidden), positions, cache, visible, documents)
        mixed: Tensor = hidden + self.mlp(self.ln_2(hidden))
        return mixed


class Transformer(nn.Module):
    """Embeddings, blocks and the last layer norm."""

    def __init__(self, architecture: Architecture, vocabulary: int) -> None:
        super().__init__()
        self.wte = nn.Embedding(vocabulary, architecture.width)
        self.wpe = nn.Embedding(architecture.positions, architecture.width)
        self.dropout = architecture.dropout
        # A dictionary, not a list: without some blocks the others keep their numbers.
        self.h = nn.ModuleDict({str(number): Block(architecture) for number in range(architecture.layers)})
        self.ln_f = nn.LayerNorm(architecture.width, eps=architecture.norm_epsilon)

    @property
    def blocks(self) -> list[Block]:
        """The blocks that are here, in their order."""
        return [block for block in self.h.values() if isinstance(block, Block)]

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Token plus position embedding: [B, T] and [T] or [B, T] to [B, T, W]."""
        return F.dropout(self.wte(tokens) + self.wpe(positions), self.dropout, self.training)

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor,
        cache: KeyValueCache | None = None,
        visible: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """The normed hidden state after the last block, [B, T, W]."""
        hidden = self.embed(tokens, positions)
        for number, block in self.h.items():
            hidden = block(hidden, positions, None if cache is None else cache.layers[int(number)], visible, documents)
        normed: Tensor = self.ln_f(hidden)
        return normed


class Network(nn.Module):
    """The whole network. Its weights are unset until `initialise` or until a checkpoint is loaded into it.

    Build it under `torch.device("meta")` to count or shard without memory.
    """

    def __init__(self, architecture: Architecture, vocabulary: int) -> None:
        super().__init__()
        self.architecture = architecture
        self.vocabulary = vocabulary
        device = torch.get_default_device()
        with torch.device("meta"):  # torch would draw weights here, only for them to be drawn or loaded again
            self.transformer = Transformer(architecture, vocabulary)
            if not architecture.tied:
                self.lm_head = nn.Linear(architecture.width, vocabulary, bias=False)
        if device.type != "meta":
            self.to_empty(device=device)

    @property
    def output_weight(self) -> Tensor:
        """The output layer's rows [V, W]: the embedding's where they are tied."""
        return self.transformer.wte.weight if self.architecture.tied else self.lm_head.weight

    @property
    def num_parameters(self) -> int:
        """Weights of the network; the tied output layer counts once."""
        return sum(parameter.numel() for parameter in self.parameters())

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw new weights as the table of tensors says.

        One number is taken from `generator`; each parameter then has a generator of its own, made of that number and
        the parameter's name. So weights depend neither on the device nor on which other parameters a rank holds.
        """
        seed = int(torch.randint(2**62, (), generator=generator))
        table = tensor_table(self.architecture, self.vocabulary)
        for name, parameter in self.named_parameters():
            parameter.copy_(draw(table[name], seed))

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor | None = None,
        cache: KeyValueCache | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """The last hidden state [B, T, W] of `tokens` [B, T] (integers).

        Without `positions` the tokens stand at 0, 1, 2 ...; a cache is then filled and not read. With `positions` [B,
        T] and a cache, each token sees what the cache holds up to its own position. With `positions` and no cache they
        choose the position embeddings only. Without a cache, `documents` [B, T] (numbers that differ between the
        documents of a sequence) keep attention within each document. Raises `UserError` for a position that the network
        does not have.
        """
        num_tokens = tokens.shape[1]
        end = num_tokens if positions is None else int(positions.max()) + 1
        if end > self.architecture.positions:
            raise UserError(
                f"A sequence of {end} tokens is longer than the model's {self.architecture.positions} positions: "
                "shorten it, or use a model with more positions."
            )
        visible = None
        if positions is None:
            positions = torch.arange(num_tokens, device=tokens.device)
        elif cache is not None:
            visible = torch.arange(end, device=tokens.device) <= positions[:, :, None]
        hidden: Tensor = self.transformer(tokens, positions, cache, visible, documents)
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, [..., W] to [..., V], in the type of the weights."""
        return F.linear(hidden, self.output_weight)

    def forward(self, tokens: Tensor, positions: Tensor | None = None, cache: KeyValueCache | None = None) -> Tensor:
        """Logits [B, T, V] of `tokens` [B, T]; `positions` and `cache` as in `hidden`."""
        return self.logits(self.hidden(tokens, positions, cache))

    def loss(
        self,
        tokens: Tensor,
        targets: Tensor,
        loss_mask: Tensor | None = None,
        reduction: Literal["mean", "sum"] = "mean",
        *,
        positions: Tensor | None = None,
        documents: Tensor | None = None,
    ) -> Tensor:
        """Cross-entropy in nats, computed in fp32, of `targets` [B, T] after `tokens` [B, T].

        Only targets where `loss_mask` [B, T] (bool) is true count, and only their logits are computed; None counts all.
        "sum" is for accumulating over micro-batches with different numbers of counted targets. Nothing counted gives 0.
        `positions` and `documents` as in `hidden`.
        """
        hidden = self.hidden(tokens, positions, documents=documents)
        if loss_mask is None:
            hidden, targets = hidden.flatten(0, 1), targets.flatten()
        else:
            hidden, targets = hidden[loss_mask], targets[loss_mask]
        total = linear_cross_entropy(hidden, self.output_weight, targets)
        return total / max(targets.numel(), 1) if reduction == "mean" else total

    def token_losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of every target in nats, fp32 [B, T]; logits exist for a few rows at a time."""
        rows = zip(
            torch.split(self.hidden(tokens).flatten(0, 1), EVALUATION_ROWS),
            torch.split(targets.flatten(), EVALUATION_ROWS),
            strict=True,
        )
        losses = [F.cross_entropy(self.logits(part).float(), right, reduction="none") for part, right in rows]
        return torch.cat(losses).view(targets.shape)


def draw(spec: TensorSpec, seed: int) -> Tensor:
    """New values of a parameter, fp32 on the CPU; see `Network.initialise`."""
    values = torch.empty(spec.shape, device="cpu", dtype=torch.float32)
    if not spec.deviation:
        return values.fill_(spec.mean)
    generator = torch.Generator().manual_seed(_seed_of(spec.name, seed))
    return values.normal_(spec.mean, spec.deviation, generator=generator)


def _seed_of(name: str, seed: int) -> int:
    """A 63-bit seed for the parameter `name`."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "big") >> 1
