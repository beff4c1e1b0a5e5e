from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.cli import aurora
from aurora.errors import AuroraError, UserError
from aurora.evaluation.bits_per_byte import bits_per_byte, windows_of
from aurora.files import LARGEST_JSON
from aurora.model import huggingface
from aurora.model.folder import load_model, save_model
from aurora.model.generation import generate
from aurora.model.huggingface import export_model, import_checkpoint, import_model
from aurora.model.network import Network
from aurora.run.manifest import read_manifest
from aurora.tokens.text.formats import Format
from model.conftest import TEXT

transformers = pytest.importorskip("transformers")

Build = Callable[..., Network]
VARIANTS = [
    pytest.param({"key_value_heads": heads, "activation": activation}, id=f"{kind}-{activation}")
    for heads, kind in ((1, "mqa"), (4, "mha"))
    for activation in ("gelu", "gelu_pytorch_tanh")
]
VARIANTS += [pytest.param({"tied": False, "key_value_heads": heads}, id=f"untied-{heads}") for heads in (1, 4)]


@pytest.fixture
def make(build: Build, tokenizer_file: Path, tmp_path: Path) -> Callable[..., Path]:
    def saved(dtype: torch.dtype = torch.float32, **changes: Any) -> Path:
        folder = tmp_path / "checkpoint"
        save_model(build(**changes).to(dtype), folder, tokenizer_file)
        return folder

    return saved


@pytest.fixture
def exported(make: Callable[..., Path], tmp_path: Path) -> Path:
    export_model(make(), tmp_path / "exported")
    return tmp_path / "exported"


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    values = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({key: value for key, value in values.items() if value is not ...}))


@pytest.mark.parametrize("changes", VARIANTS)
@pytest.mark.filterwarnings("default")
def test_transformers_computes_the_same(make: Callable[..., Path], tmp_path: Path, changes: dict[str, Any]) -> None:
    folder = make(dropout=0.1, inner=100, **changes)
    export_model(folder, tmp_path / "out")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    ours, _ = load_model(folder)
    assert type(theirs).__name__ == "GPTBigCodeForCausalLM"
    assert theirs.num_parameters() == ours.num_parameters
    tokens = torch.randint(320, (2, 90), generator=torch.Generator().manual_seed(2))
    ours.eval()
    with torch.no_grad():
        logits = ours(tokens)
        assert logits.std() > 0.5
        torch.testing.assert_close(logits, theirs(tokens).logits, atol=1e-5, rtol=0)

    loss = ours.loss(tokens[:, :-1], tokens[:, 1:])
    loss.backward()  # type: ignore[no-untyped-call]
    theirs(tokens, labels=tokens).loss.backward()
    for name, parameter in theirs.named_parameters():
        gradient = ours.named[name].grad
        assert gradient is not None
        torch.testing.assert_close(gradient, parameter.grad, atol=1e-5, rtol=1e-4)


@pytest.mark.filterwarnings("default")
def test_transformers_writes_the_same_greedy_text(make: Callable[..., Path], tmp_path: Path) -> None:
    folder = make()
    export_model(folder, tmp_path / "out")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    their_tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    ours, text = load_model(folder)
    tokenizer = text.tokenizer
    assert their_tokenizer.eos_token_id == their_tokenizer.bos_token_id == 0
    assert their_tokenizer.model_max_length == 96
    for sentence in ("Hyvää huomenta 1234", "नमस्ते दुनिया", "def main():\n  return 1", " tyhjä  väli"):
        ids = tokenizer.encode(sentence).ids
        assert their_tokenizer(sentence)["input_ids"] == ids
        assert their_tokenizer.decode(ids) == sentence
        written = theirs.generate(torch.tensor([ids]), max_new_tokens=20, do_sample=False, pad_token_id=0)[0]
        answer = their_tokenizer.decode(written[len(ids) :], skip_special_tokens=True)
        assert tokenizer.decode(generate(ours, [ids], 20, stops=text.stops)[0]) == answer


@pytest.mark.filterwarnings("default")
def test_special_tokens_are_special_to_transformers(exported: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)
    assert tokenizer("a<|endoftext|><fim_prefix>")["input_ids"][1:] == [0, 1]
    assert tokenizer.all_special_tokens == ["<|endoftext|>", "<fim_prefix>"]
    assert tokenizer.decode([0, 1], skip_special_tokens=True) == ""


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.filterwarnings("default")
def test_a_model_of_transformers_is_continued(tokenizer_file: Path, tmp_path: Path, tied: bool) -> None:
    config = transformers.GPTBigCodeConfig(
        vocab_size=320,
        n_positions=64,
        n_embd=32,
        n_layer=2,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=tied,
    )
    torch.manual_seed(0)
    theirs = transformers.GPTBigCodeForCausalLM(config).eval()
    theirs.save_pretrained(tmp_path / "theirs", max_shard_size="20KB")
    shutil.copy(tokenizer_file, tmp_path / "theirs")
    assert len(sorted((tmp_path / "theirs").glob("*.safetensors"))) > 1
    import_model("theirs", None, tmp_path, tmp_path / "ours")
    ours, _ = load_model(tmp_path / "ours")
    assert ours.architecture.dropout == 0.1
    tokens = torch.randint(320, (1, 60))
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(tokens), theirs(tokens).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shard_bytes", [10**9, 9000])
@pytest.mark.parametrize("tied", [True, False])
def test_import_and_export_are_byte_identical(
    make: Callable[..., Path], tmp_path: Path, dtype: torch.dtype, shard_bytes: int, tied: bool
) -> None:
    first = tmp_path / "first"
    export_model(make(dtype, key_value_heads=1 if shard_bytes == 9000 else 4, tied=tied), first, shard_bytes)
    files = sorted(first.glob("*.safetensors"))
    assert (len(files) > 5) == (shard_bytes == 9000)
    assert ((first / "model.safetensors.index.json").exists()) == (shard_bytes == 9000)
    import_checkpoint("first", None, tmp_path, tmp_path / "imported")
    export_model(tmp_path / "imported", tmp_path / "second", shard_bytes)
    assert sorted(path.name for path in first.iterdir()) == sorted(
        path.name for path in (tmp_path / "second").iterdir()
    )
    for path in first.iterdir():
        if path.name != "manifest.json":  # says when and where it was written
            assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()
    manifests = [read_manifest(folder) for folder in (first, tmp_path / "second")]
    assert manifests[0] is not None
    assert manifests[1] is not None
    assert manifests[0].outputs == manifests[1].outputs
    assert json.loads((first / "config.json").read_text())["torch_dtype"] == str(dtype).removeprefix("torch.")
    assert all(tensor.dtype == dtype for path in files for tensor in load_file(path).values())


@pytest.mark.parametrize("positions", [40, 96, 200])
def test_a_model_is_imported_with_fewer_or_more_positions(
    make: Callable[..., Path], tmp_path: Path, positions: int
) -> None:
    """As AURORA-M cut StarCoderPlus; up to the shorter length the network computes the same."""
    export_model(make(dropout=0.1), tmp_path / "out")
    import_model("out", None, tmp_path, tmp_path / "whole")
    import_model("out", None, tmp_path, tmp_path / "changed", positions=positions, dropout=0.0)
    whole, _ = load_model(tmp_path / "whole")
    changed, _ = load_model(tmp_path / "changed")
    assert (whole.architecture.dropout, changed.architecture.dropout) == (0.1, 0.0)
    assert (whole.architecture.positions, changed.architecture.positions) == (96, positions)
    rows, own = changed.positions.weight, whole.positions.weight
    assert torch.equal(rows[:96], own[:positions])
    assert torch.equal(rows[96:192], own[: max(0, min(positions, 192) - 96)])
    tokens = torch.randint(320, (1, 40), generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert torch.equal(changed.eval()(tokens), whole.eval()(tokens))
    export_model(tmp_path / "changed", tmp_path / "again")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "again")
    assert theirs.config.n_positions == positions


def test_an_index_says_where_each_tensor_is(make: Callable[..., Path], tmp_path: Path) -> None:
    export_model(make(), tmp_path / "out", shard_bytes=9000)
    index = json.loads((tmp_path / "out/model.safetensors.index.json").read_text())
    for name, file in index["weight_map"].items():
        assert name in load_file(tmp_path / "out" / file)
    assert index["metadata"]["total_size"] == 4 * load_model(tmp_path / "checkpoint")[0].num_parameters
    assert {path.name for path in (tmp_path / "out").glob("*.safetensors")} == set(index["weight_map"].values())


def test_an_export_replaces_an_export_and_nothing_else(make: Callable[..., Path], exported: Path) -> None:
    export_model(make(), exported, shard_bytes=9000)
    assert not (exported / "model.safetensors").exists()
    export_model(make(), exported)
    assert not (exported / "model.safetensors.index.json").exists()
    (exported / "thesis.txt").write_text("the only copy")
    with pytest.raises(UserError, match=r"thesis\.txt was not written by Aurora and would be lost"):
        export_model(make(), exported)
    assert (exported / "thesis.txt").read_text() == "the only copy"
    with pytest.raises(UserError, match="is a file"):
        export_model(make(), exported / "thesis.txt")


def test_a_failed_export_leaves_nothing(
    make: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make()
    export_model(folder, tmp_path / "out")
    before = (tmp_path / "out/config.json").read_bytes()
    monkeypatch.setattr(huggingface, "_configuration", lambda *_: 1 / 0)
    for out in (tmp_path / "out", tmp_path / "new"):
        with pytest.raises(ZeroDivisionError):
            export_model(folder, out)
    assert (tmp_path / "out/config.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "made", "out"]


def test_importing_over_something_else_is_refused(exported: Path, tmp_path: Path) -> None:
    import_checkpoint(str(exported), None, tmp_path, tmp_path / "in")
    import_checkpoint(str(exported), None, tmp_path, tmp_path / "in")
    (tmp_path / "in/notes").touch()
    with pytest.raises(UserError, match="notes was not written by Aurora"):
        import_checkpoint(str(exported), None, tmp_path, tmp_path / "in")


def test_a_head_of_its_own_is_kept_where_the_configuration_says_so(exported: Path, tmp_path: Path) -> None:
    tensors = load_file(exported / "model.safetensors")
    head = tensors["transformer.wte.weight"].clone()
    buffer = {"transformer.h.0.attn.bias": torch.ones(2)}
    save_file({**tensors, **buffer, "lm_head.weight": head}, exported / "w")
    (exported / "w").replace(exported / "model.safetensors")
    import_model("exported", None, tmp_path, tmp_path / "tied")
    assert "lm_head.weight" not in load_file(tmp_path / "tied/model.safetensors")
    save_file({**tensors, "lm_head.weight": head + 1}, exported / "model.safetensors")
    with pytest.raises(AuroraError, match=r"is tied, but lm_head\.weight is not the embedding"):
        import_model("exported", None, tmp_path, tmp_path / "in")
    change_config(exported, tie_word_embeddings=False)
    import_model("exported", None, tmp_path, tmp_path / "own")
    torch.testing.assert_close(load_file(tmp_path / "own/model.safetensors")["lm_head.weight"], head + 1)
    save_file(tensors, exported / "model.safetensors")
    with pytest.raises(AuroraError, match=r"not tied, but the weights hold no lm_head\.weight"):
        import_model("exported", None, tmp_path, tmp_path / "in")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_type": "mamba"},
            "model_type is 'mamba'; models that can be continued are gpt_bigcode, llama, mistral",
        ),
        ({"activation_function": "relu"}, "activation_function is 'relu'"),
        ({"scale_attn_weights": False}, "scale_attn_weights"),
        ({"add_cross_attention": True}, "add_cross_attention: true"),
        ({"attn_pdrop": 0.5}, "attn_pdrop differ"),
        ({"n_head": 5}, "width 32 is not divisible by heads 5"),
        (
            {"n_layer": "two"},
            r"does not describe a gpt_bigcode network \(layers: 'two' stands where a whole number belongs",
        ),
        ({"activation_function": ["gelu"]}, "activation_function is"),
        ({"vocab_size": None}, "vocab_size is None, not a number of tokens"),
        ({"vocab_size": True}, "vocab_size is True, not a number of tokens"),
        ({"vocab_size": 10**12}, "vocab_size is 1000000000000, not a number of tokens"),
        ({"n_layer": 1e9}, r"layers: 1000000000.0 is out of bounds; give 4,096 or less"),
        ({"n_embd": 10**12}, r"width: 1000000000000 is out of bounds; give 1,048,576 or less"),
        (
            {"n_positions": 10**30},
            r"positions: 1000000000000000000000000000000 is out of bounds; give 16,777,216 or less",
        ),
        ({"n_layer": 4000, "n_embd": 1_000_000, "n_head": 1}, r"parameters or more; 10,000,000,000,000 are the most"),
        ({"layer_norm_epsilon": float("nan")}, r"norm_epsilon: nan stands where a finite number belongs"),
        ({"initializer_range": float("inf")}, r"initializer_range: inf stands where a finite number belongs"),
    ],
)
def test_a_network_that_would_be_computed_differently_is_refused(
    exported: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    change_config(exported, **changes)
    with pytest.raises(UserError, match=message):
        import_model("exported", None, tmp_path, tmp_path / "in")
    assert not (tmp_path / "in").exists()


def test_files_without_an_end_and_weights_that_are_no_numbers(exported: Path, tmp_path: Path) -> None:
    def refused(message: str) -> None:
        with pytest.raises(AuroraError, match=message):
            import_model("exported", None, tmp_path, tmp_path / "in")
        assert not (tmp_path / "in").exists()

    weights = load_file(exported / "model.safetensors")
    weights["transformer.h.0.mlp.c_fc.bias"][1] = float("nan")
    save_file(weights, exported / "model.safetensors", {"format": "pt"})
    refused(r"transformer\.h\.0\.mlp\.c_fc\.bias holds values that are not finite")
    text = (exported / "config.json").read_text()
    for content, message in (
        ("[" * 100_000, "is not valid JSON"),
        ('{"n_layer": ' + "9" * 5000 + "}", "is not valid JSON"),
        (text + " " * LARGEST_JSON, "has more than 100,000,000 bytes"),
    ):
        (exported / "config.json").write_text(content)
        refused(message)
    (exported / "config.json").write_text(text)
    (exported / "tokenizer.json").unlink()
    os.mkfifo(exported / "tokenizer.json")
    refused(r"has no tokenizer\.json")


def test_left_out_keys_mean_what_transformers_means(exported: Path, tmp_path: Path) -> None:
    change_config(exported, layer_norm_epsilon=..., multi_query=..., n_inner=None, activation_function="gelu_new")
    import_model("exported", None, tmp_path, tmp_path / "in")
    architecture = load_model(tmp_path / "in")[0].architecture
    assert (architecture.norm_epsilon, architecture.key_value_heads, architecture.inner) == (1e-5, 1, 128)
    assert architecture.activation == "gelu_pytorch_tanh"


def test_what_is_missing_is_named(exported: Path, tmp_path: Path) -> None:
    def refused(kind: type[AuroraError], message: str) -> None:
        with pytest.raises(kind, match=message):
            import_model("exported", None, tmp_path, tmp_path / "in")

    (exported / "tokenizer.json").rename(tmp_path / "tokenizer.json")
    refused(UserError, r"has no tokenizer\.json")
    (tmp_path / "tokenizer.json").rename(exported / "tokenizer.json")
    (exported / "model.safetensors").rename(exported / "pytorch_model.bin")
    refused(UserError, r"only as pickled \.bin files")
    (exported / "pytorch_model.bin").unlink()
    refused(UserError, r"holds no model\.safetensors")
    index = exported / "model.safetensors.index.json"
    for content in ({"weight_map": {"a": "../../etc/passwd"}}, {"weight_map": {}}, ["weight_map"], {"weight_map": 1}):
        index.write_text(json.dumps(content))
        refused(AuroraError, "no usable weight_map")
    index.write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))
    refused(AuroraError, r"model-00001-of-00001\.safetensors does not exist")
    (exported / "config.json").unlink()
    refused(UserError, r"config\.json does not exist")


def test_a_hub_model_is_fetched_without_pickles(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    asked: list[tuple[str, str | None, list[str]]] = []

    def download(name: str, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((name, revision, allow_patterns))
        return str(exported)

    monkeypatch.setattr(hub, "snapshot_download", download)
    import_model("bigcode/tiny", "abc123", tmp_path, tmp_path / "in")
    assert load_model(tmp_path / "in")[0].num_parameters
    assert asked[0][:2] == ("bigcode/tiny", "abc123")
    assert not any("bin" in pattern for pattern in asked[0][2])


def retrained(folder: Path) -> None:
    """As a stage leaves an imported model: fp32, with the architecture it came with."""
    model, _ = load_model(folder)
    save_model(model, folder, folder / "tokenizer.json")


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_trained_model_goes_back_to_the_type_it_was_published_in(
    make: Callable[..., Path], tmp_path: Path, dtype: str
) -> None:
    export_model(make(getattr(torch, dtype)), tmp_path / "out")
    import_model("out", None, tmp_path, tmp_path / "in")
    retrained(tmp_path / "in")
    assert load_file(tmp_path / "in/model.safetensors")["transformer.wte.weight"].dtype == torch.float32
    export_model(tmp_path / "in", tmp_path / "again", shard_bytes=9000)
    assert json.loads((tmp_path / "again/config.json").read_text())["torch_dtype"] == dtype
    whole = load_file(tmp_path / "out/model.safetensors")
    parts = {name: it for file in (tmp_path / "again").glob("*.safetensors") for name, it in load_file(file).items()}
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) and whole[name].dtype == parts[name].dtype for name in whole)


def test_a_type_can_be_asked_for(make: Callable[..., Path], tmp_path: Path) -> None:
    folder = make()
    for dtype in ("float16", "bfloat16", "float32"):
        arguments = ["export", str(folder), str(tmp_path / dtype), "--dtype", dtype]
        CliRunner().invoke(aurora, arguments, catch_exceptions=False)
        tensors = load_file(tmp_path / dtype / "model.safetensors")
        assert {tensor.dtype for tensor in tensors.values()} == {getattr(torch, dtype)}
        assert transformers.AutoModelForCausalLM.from_pretrained(tmp_path / dtype).dtype == getattr(torch, dtype)
    model, _ = load_model(folder)
    with torch.no_grad():
        model.positions.weight[0, 0] = 1e6
    save_model(model, folder, folder / "tokenizer.json")
    with pytest.raises(UserError, match=r"wpe\.weight has a value of 1e\+06, which is too large for float16"):
        export_model(folder, tmp_path / "large", dtype="float16")
    assert not (tmp_path / "large").exists()


def test_names_without_their_beginning_and_an_index_beside_a_file_are_read_as_transformers_does(
    exported: Path, tmp_path: Path
) -> None:
    tensors = load_file(exported / "model.safetensors")
    short = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    save_file({**short, "h.0.attn.bias": torch.ones(2)}, exported / "w", {"format": "pt"})
    (exported / "w").replace(exported / "model.safetensors")
    (exported / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "gone.safetensors"}}))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(exported).eval()
    import_model("exported", None, tmp_path, tmp_path / "in")
    ours, _ = load_model(tmp_path / "in")
    ids = torch.arange(30)[None]
    with torch.no_grad():
        torch.testing.assert_close(ours.eval()(ids), theirs(ids).logits, atol=1e-5, rtol=0)
    both = {**short, "transformer.wte.weight": tensors["transformer.wte.weight"].clone()}
    save_file(both, exported / "model.safetensors")
    with pytest.raises(
        AuroraError, match=r"holds transformer\.wte\.weight twice, with and without 'transformer\.' before it"
    ):
        import_model("exported", None, tmp_path, tmp_path / "in")


def test_types_that_nobody_trains_are_one_sentence(exported: Path, tmp_path: Path) -> None:
    tensors = load_file(exported / "model.safetensors")
    for dtype in (torch.float8_e4m3fn, torch.float8_e5m2, torch.int8):
        small = {name: tensor.to(dtype) for name, tensor in tensors.items()}
        save_file(small, exported / "model.safetensors")
        kind = str(dtype).removeprefix("torch.")
        with pytest.raises(AuroraError, match=rf"is {kind}, which cannot be trained: convert the weights to"):
            import_model("exported", None, tmp_path, tmp_path / "in")
    change_config(exported, quantization_config={"quant_method": "fp8"})
    with pytest.raises(UserError, match=r"weights are quantized \(fp8\), which cannot be trained"):
        import_model("exported", None, tmp_path, tmp_path / "in")


PUBLISHED = {
    "tokenizer_config.json": {
        "bos_token": "<fim_prefix>",
        "eos_token": {"content": "<|endoftext|>", "lstrip": False, "__type": "AddedToken"},
        "pad_token": "<pad>",
        "model_max_length": 1000000000000000019884624838656,
        "tokenizer_class": "PreTrainedTokenizerFast",
    },
    "special_tokens_map.json": {"eos_token": "<|endoftext|>", "pad_token": "<pad>"},
    "generation_config.json": {"eos_token_id": [17, 280], "pad_token_id": 3, "top_p": 0.9, "do_sample": True},
}
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


@pytest.fixture
def theirs(tmp_path: Path, build: Build) -> Path:
    """A published model whose text ends with id 17, with several stop ids, a pad and a chat template."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [*(f"<s{number}>" for number in range(3)), "<pad>", "<|end|>", "<fim_prefix>"]
    special += [*(f"<s{number}>" for number in range(6, 17)), "<|endoftext|>"]
    trainer = trainers.BpeTrainer(vocab_size=310, special_tokens=special, show_progress=False)
    trainer.initial_alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(TEXT, trainer)
    folder = tmp_path / "theirs"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    for name, content in PUBLISHED.items():
        (folder / name).write_text(json.dumps(content, indent=1))
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    torch.manual_seed(0)
    config = transformers.GPTBigCodeConfig(
        vocab_size=320, n_positions=96, n_embd=32, n_layer=2, n_head=4, bos_token_id=5, eos_token_id=17, pad_token_id=3
    )
    model = transformers.GPTBigCodeForCausalLM(config)
    model.load_state_dict(build().named, strict=False)
    model.tie_weights()
    model.save_pretrained(tmp_path / "weights")
    for name in ("config.json", "model.safetensors"):
        shutil.copy(tmp_path / "weights" / name, folder)
    return folder


def test_what_a_published_model_says_of_its_text_comes_back_byte_for_byte(theirs: Path, tmp_path: Path) -> None:
    import_checkpoint("theirs", None, tmp_path, tmp_path / "in")
    retrained(tmp_path / "in")
    export_model(tmp_path / "in", tmp_path / "out")
    for name in ("tokenizer.json", *PUBLISHED, "chat_template.jinja"):
        assert (tmp_path / "out" / name).read_bytes() == (theirs / name).read_bytes()
    before, after = (json.loads((folder / "config.json").read_text()) for folder in (theirs, tmp_path / "out"))
    assert (after["bos_token_id"], after["pad_token_id"]) == (before["bos_token_id"], before["pad_token_id"]) == (5, 3)


@pytest.mark.filterwarnings("default")
def test_another_tokenizers_text_is_measured_generated_and_answered_as_transformers_does(
    theirs: Path, tmp_path: Path
) -> None:
    import_checkpoint("theirs", None, tmp_path, tmp_path / "first")
    ours, text = load_model(tmp_path / "first")
    prompts = [[17, *text.encode(written)] for written in (*TEXT, "a", "b c", "42")]
    free = generate(ours, prompts, 40, stops=[])
    stops = [17, free[0][6], free[1][20]]  # of what the model writes by itself
    (theirs / "generation_config.json").write_text(json.dumps({"eos_token_id": stops, "pad_token_id": 3}))
    import_checkpoint("theirs", None, tmp_path, tmp_path / "in")
    ours, text = load_model(tmp_path / "in")
    model = transformers.AutoModelForCausalLM.from_pretrained(theirs).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(theirs)
    assert (text.start, text.end, text.stops, text.pad) == (17, 17, tuple(sorted(set(stops))), 3)

    ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(TEXT[0], add_special_tokens=False)["input_ids"]]])
    with torch.no_grad():
        nats = model(ids, labels=ids).loss.item() * (ids.shape[1] - 1)
    windows = windows_of([TEXT[0]], text, 90)
    assert bits_per_byte(ours, windows) == pytest.approx(nats / math.log(2) / len(TEXT[0].encode()), rel=1e-5)

    answers = generate(ours, prompts, 40, stops=text.stops)
    for prompt, answer in zip(prompts, answers, strict=True):
        written = model.generate(torch.tensor([prompt]), max_new_tokens=40, do_sample=False)[0, len(prompt) :].tolist()
        assert answer == (written[:-1] if written[-1] in text.stops else written)
    assert len({len(answer) for answer in answers}) > 1

    asked = [{"role": "user", "content": "Why?"}]
    served = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    assert Format(text).prompt("Why?") == served
    answered = [*asked, {"role": "assistant", "content": "So."}]
    assert Format(text).pair("Why?", "So.")[0] == tokenizer.apply_chat_template(answered, return_dict=False)
