from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from aurora.errors import UserError
from aurora.recipe import load_recipe

TOKENS = "tokens:\n  train: {vocabulary: 400}"
STAGE = "    sequence_length: 16\n"


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_reads_values_and_defaults(minimal_recipe: Path) -> None:
    loaded = load_recipe(minimal_recipe)
    assert loaded.recipe.stages["base"].schedule.peak == 1e-3
    assert loaded.recipe.stages["base"].steps == 4
    assert loaded.recipe.seed == 1
    assert loaded.base == minimal_recipe.parent


def test_a_language_is_one_however_it_is_written(minimal_recipe: Path) -> None:
    replace(minimal_recipe, "language_key: lang}", "language: __label__fin_Latn}\n    net: {kind: text, paths: [x]}")
    replace(
        minimal_recipe,
        "tokens:\n  train",
        "  curation: {thresholds: {FI: {min_words: 1}}}\ntokens:\n  infilling: {web/fin: {rate: 0.5}}\n  train",
    )
    replace(minimal_recipe, "mixture: {web/en: 1}", "mixture: {web/fi_FI: 1, net/srp_Latn: 2, net/Code: 1}")
    loaded = load_recipe(minimal_recipe)
    recipe = loaded.recipe
    assert f"web/fi: 1.0  # {minimal_recipe.name}:" in loaded.show().replace(f"{minimal_recipe.parent}/", "")
    assert "default" not in next(line for line in loaded.show().splitlines() if "min_words" in line)
    assert recipe.corpus.sources["web"].language == "fi"
    assert recipe.corpus.curation.thresholds == {"fi": {"min_words": 1}}
    assert list(recipe.tokens.infilling) == ["web/fi"]
    assert recipe.stages["base"].mixture == {"web/fi": 1, "net/sr-Latn": 2, "net/code": 1}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("language_key: lang", "language: Finnish", "line 4: corpus.sources.web.language: 'Finnish' is not a language"),
        ("web/en: 1", "web/xx: 1", "stages.base.mixture.web/xx: 'web/xx': 'xx' is not a language label; write its"),
        ("web/en: 1", "web/en: 1, web/eng_Latn: 2", "two of web/en, web/eng_Latn are the same; keep one"),
        ("peak: 1e-3", "peek: 1e-3", "line 16: unknown key stages.base.schedule.peek (did you mean peak?)"),
        (
            "paths: [web.jsonl]",
            "pathz: [web.jsonl]",
            "line 4: unknown key corpus.sources.web.pathz (did you mean paths?)",
        ),
        ("layers: 1, ", "", "line 8: the key model.architecture.layers is missing"),
        ("kind: jsonl, ", "", "line 4: the key corpus.sources.web.kind is missing"),
        ("kind: jsonl", "kind: jason", "line 4: corpus.sources.web.kind: 'jason' is none of jsonl, parquet, text"),
        ("tokens: 256", "tokens: many", "line 12: stages.base.tokens: "),
        ("start: model", "start: bass", "line 11: stages.base.start: 'bass' is not an earlier stage (known: model)"),
        ("web/en: 1", "net/en: 1", "line 15: stages.base.mixture: 'net/en' is not SOURCE/LANGUAGE"),
        ("web/en: 1", "redteam/pairs: 1", "needs the recipe's `redteam` table"),
        (STAGE, f"{STAGE}    optimizer: {{new_rows: 2}}\n", "stages.base.optimizer.new_rows: needs tokens.extend"),
        (STAGE, f"{STAGE}    ramp: {{start: 9, increment: 64, tokens: 99}}\n", "line 15: stages.base.ramp.start: 9 is"),
        (STAGE, f"{STAGE}    packing: best-fit\n", "packing: best-fit needs document_masks"),
        (STAGE, f"{STAGE}    changes: [{{from_tokens: 256, mixture: {{web/en: 1}}}}]\n", "from_tokens must rise"),
        (
            STAGE,
            f"{STAGE}    changes: [{{from_tokens: 64, mixture: {{net/en: 1}}}}]\n",
            "stages.base.changes.0.mixture: 'net/en' is not SOURCE/LANGUAGE",
        ),
        *(
            ("web/en: 1}", f"web/en: 1, web/fi: 3}}\n    retention: {{every_steps: 1, {settings}}}", problem)
            for settings, problem in (
                ("budget: {web/hi: 0.01}", "web/hi is not in the stage's mixture, so it cannot be replayed"),
                ("budget: {web/en: 0.01}, most: 0.2", "begins with a share of 0.25 of web/en, outside of 0.02 to 0.2"),
                ("budget: {web/en: 0.01}, least: 0.3", "`least` is above `most`"),
                ("budget: {web/en: 0.01, web/fi: 0.01}, most: 0.4", "the mixture holds replayed sources only"),
                ("budget: {web/en: 0, web/hi: 0}, most: 0.5", "nothing is left for the others"),
            )
        ),
        (
            "  architecture: {layers: 1, width: 16, heads: 2, positions: 32}",
            "  path: some/model",
            "tokens.train: the model of model.path knows the ids of its own tokenizer alone; give tokens.path: some",
        ),
        (TOKENS, "tokens: {train: {vocabulary: 300}, revision: abc}", "`revision` needs `path`"),
        (TOKENS, "tokens: {train: {vocabulary: 300}, format: none}", "format: give one of aurora, chatml, alpaca"),
        (TOKENS, "tokens: {train: {vocabulary: 300}, extend: {languages: [fi]}}", "`extend` needs `path`"),
        (
            TOKENS,
            "tokens: {train: {vocabulary: 300}, adopt: {far/fi: {path: x, license: MIT}}}",
            "`adopt` needs `path` without `extend`",
        ),
        (
            TOKENS,
            "tokens: {path: x, adopt: {web/fi: {path: x, license: MIT}}}",
            "tokens.adopt: 'web/fi' is not SOURCE/LANGUAGE with a source of its own",
        ),
        ("peak: 1e-3", "peak: 1e-3, shape: warmup-stable-decay", "give `decay` with the shape warmup-stable-decay"),
        ("peak: 1e-3", "peak: 1e-3, decay: 0.5", "give `decay` with the shape warmup-stable-decay"),
        ("positions: 32}", "positions: 32}\n  dropout: 0.1", "`positions` and `dropout` are of an imported model"),
        (TOKENS, "tokens: {path: x, infilling: {net/en: {}}}", "tokens.infilling: 'net/en' is not SOURCE/LANGUAGE"),
        (TOKENS, "tokens: {path: x, loss: {web/en: all}}", "tokens.loss: 'web/en' is not of a source with `kind: conv"),
        ("width: 16", "width: 15", "line 8: model.architecture: width 15 is not divisible by heads 2"),
        ("batch_tokens: 64", "batch_tokens: 65", "line 13: stages.base.batch_tokens: 65 is not a multiple"),
        ("name: small", "name: [", "line "),
        ("name: small", "name: small\nname: large", "line 2: the key name appears twice"),
    ],
)
def test_a_mistake_is_one_sentence_with_file_line_and_key(minimal_recipe: Path, old: str, new: str, said: str) -> None:
    replace(minimal_recipe, old, new)
    with pytest.raises(UserError) as error:
        load_recipe(minimal_recipe)
    message = str(error.value)
    assert said in message
    assert str(minimal_recipe) in message
    assert message.count("\n") == 0
    assert message.endswith(".")


def test_conversations_are_learnt_as_said_and_not_infilled(minimal_recipe: Path) -> None:
    text = minimal_recipe.read_text()
    source = text[text.index("{kind:") : text.index("}", text.index("{kind:")) + 1]
    replace(minimal_recipe, source, "{kind: conversations, paths: [a.jsonl], language: en}")
    replace(minimal_recipe, TOKENS, "tokens: {train: {vocabulary: 300}, loss: {web/eng: last}}")
    assert load_recipe(minimal_recipe).recipe.tokens.loss == {"web/en": "last"}
    replace(minimal_recipe, "loss: {web/eng: last}", "infilling: {web/en: {}}")
    with pytest.raises(UserError, match="'web/en' holds conversations, which are never cut"):
        load_recipe(minimal_recipe)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nothere\.yaml does not exist"):
        load_recipe(tmp_path / "nothere.yaml")


def test_overrides_win_and_keep_their_origin(minimal_recipe: Path) -> None:
    loaded = load_recipe(minimal_recipe, ["stages.base.schedule.peak=2e-4", "seed=7", "execution={threads: 1}"])
    assert loaded.recipe.stages["base"].schedule.peak == 2e-4
    assert loaded.recipe.execution.threads == 1
    shown = loaded.show()
    assert "seed: 7  # command line" in shown
    assert "peak: 0.0002  # command line" in shown
    assert f"tokens: 256  # {minimal_recipe}:12" in shown
    assert "clip: 1.0  # default" in shown


@pytest.mark.parametrize("override", ["seed", "=1", "name.deep=1", "a..b=1", "seed=[", "corpus.sources.web.paths.5=x"])
def test_a_bad_override_is_refused(minimal_recipe: Path, override: str) -> None:
    with pytest.raises(UserError, match="argument"):
        load_recipe(minimal_recipe, [override])


def test_an_unknown_override_key_is_refused(minimal_recipe: Path) -> None:
    with pytest.raises(UserError, match=r"command line: unknown key sede \(did you mean seed\?\)"):
        load_recipe(minimal_recipe, ["sede=1"])


def test_a_mixture_may_name_an_adopted_store(minimal_recipe: Path) -> None:
    replace(minimal_recipe, TOKENS, "tokens: {path: x, adopt: {far/fi: {path: shards/fi, license: CC0-1.0}}}")
    replace(minimal_recipe, "web/en: 1", "web/en: 1, far/fi: 2")
    assert load_recipe(minimal_recipe).recipe.stages["base"].sources == ["far/fi", "web/en"]


def test_a_change_belongs_to_the_steps_it_holds_for(minimal_recipe: Path) -> None:
    """Four steps of 64 tokens: 65 tokens end in the second, so the change holds for the last two."""
    replace(minimal_recipe, STAGE, f"{STAGE}    changes: [{{from_tokens: 65, mixture: {{web/en: 1, web/fi: 3}}}}]\n")
    stage = load_recipe(minimal_recipe).recipe.stages["base"]
    assert [len(stage.until(steps).changes) for steps in range(5)] == [0, 0, 0, 1, 1]


def test_show_reads_back_as_the_same_recipe(minimal_recipe: Path, tmp_path: Path) -> None:
    loaded = load_recipe(minimal_recipe)
    again = tmp_path / "shown.yaml"
    again.write_text(loaded.show())
    assert load_recipe(again).recipe == loaded.recipe
    assert yaml.safe_load(loaded.text())["name"] == "small"


def test_extends_merges_tables_and_replaces_mixtures(minimal_recipe: Path, tmp_path: Path) -> None:
    child = tmp_path / "child.yaml"
    child.write_text(
        "extends: small.yaml\nname: child\nstages:\n  base: {tokens: 640, mixture: {web/fi: 3}}\n"
        "corpus:\n  sources:\n    web: {kind: text, paths: [a.txt]}\n"
    )
    loaded = load_recipe(child)
    assert loaded.recipe.name == "child"
    assert loaded.recipe.stages["base"].tokens == 640
    assert loaded.recipe.stages["base"].batch_tokens == 64
    assert loaded.recipe.stages["base"].mixture == {"web/fi": 3}
    assert loaded.recipe.corpus.sources["web"].kind == "text"
    assert f"tokens: 640  # {child}:4" in loaded.show()
    assert f"batch_tokens: 64  # {minimal_recipe}:13" in loaded.show()


def test_extending_twice_is_refused(minimal_recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text("extends: small.yaml\nname: child\n")
    (tmp_path / "grandchild.yaml").write_text("extends: child.yaml\n")
    with pytest.raises(UserError, match="may not itself extend"):
        load_recipe(tmp_path / "grandchild.yaml")


def test_null_takes_an_inherited_entry_away(minimal_recipe: Path, tmp_path: Path) -> None:
    text = minimal_recipe.read_text()
    stage = text[text.index("  base:") :].replace("base:", "cap:").replace("start: model", "start: base")
    minimal_recipe.write_text(text + stage)
    child = tmp_path / "child.yaml"
    child.write_text("extends: small.yaml\nname: child\nstages: {cap: null}\ntokens: {train: null, path: x}\n")
    loaded = load_recipe(child)
    assert list(loaded.recipe.stages) == ["base"]
    assert loaded.recipe.tokens.path == "x"
    assert list(load_recipe(minimal_recipe, ["stages.cap=null"]).recipe.stages) == ["base"]
    with pytest.raises(UserError, match=r"stages\.bsae: null stands where a table belongs"):
        load_recipe(minimal_recipe, ["stages.bsae=null"])


def test_an_inherited_path_belongs_to_the_file_that_states_it(minimal_recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer").mkdir()
    adopted = "adopt: {far/fi: {path: far/fi, license: MIT}}"
    policy = "redteam: {policy: p.yaml, languages: [en]}"
    replace(minimal_recipe, TOKENS, f"tokens: {{path: tokenizer, {adopted}}}\n{policy}")
    replace(
        minimal_recipe,
        "  architecture: {layers: 1, width: 16, heads: 2, positions: 32}",
        "  path: some/model",
    )
    replace(
        minimal_recipe,
        "language_key: lang}",
        "language_key: lang}\n    hub: {kind: hub, dataset: some/data}\n    near: {kind: hub, dataset: tokenizer}\n"
        "    abs: {kind: text, paths: [/data/a.txt, '*.txt']}\n"
        "  curation: {flagged_words: {fi: bad.txt}, contamination: {sets: {quiz: sets/quiz.jsonl}}}",
    )
    child = tmp_path / "mine/deep/child.yaml"
    child.parent.mkdir(parents=True)
    child.write_text("extends: ../../small.yaml\nname: child\ncorpus: {sources: {web: {paths: [own.jsonl]}}}\n")
    recipe = load_recipe(child).recipe
    sources = recipe.model_dump()["corpus"]["sources"]
    assert sources["web"]["paths"] == ["own.jsonl"]
    assert sources["abs"]["paths"] == ["/data/a.txt", "../../*.txt"]
    assert sources["hub"]["dataset"] == "some/data"
    assert sources["near"]["dataset"] == "../../tokenizer"
    assert recipe.corpus.curation.flagged_words == {"fi": "../../bad.txt"}
    assert recipe.corpus.curation.contamination is not None
    assert recipe.corpus.curation.contamination.sets == {"quiz": "../../sets/quiz.jsonl"}
    assert (recipe.tokens.path, recipe.model.path) == ("../../tokenizer", "some/model")
    assert recipe.tokens.adopt["far/fi"].path == "../../far/fi"
    assert recipe.redteam is not None
    assert recipe.redteam.policy == "../../p.yaml"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("stages.bsae.tokens=5", r"reaches into nothing: stages has no bsae \(did you mean base\?\)"),
        ("corpus.sources.wbe.paths=[x]", r"corpus.sources has no wbe \(did you mean web\?\)"),
        ("stages.bsae={tokens: 5}", r"the keys start, batch_tokens, .* are missing \(did you mean base\?\)"),
    ],
)
def test_an_argument_makes_no_stage_by_a_typo(minimal_recipe: Path, override: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_recipe(minimal_recipe, [override])


def test_an_argument_may_add_a_table_that_was_not_stated(minimal_recipe: Path) -> None:
    loaded = load_recipe(minimal_recipe, ["execution.threads=1", "stages.base.control={name: a, mixture: {web/fi: 1}}"])
    assert loaded.recipe.execution.threads == 1


def test_no_is_norwegian(minimal_recipe: Path) -> None:
    replace(minimal_recipe, "language_key: lang", "language: no")
    replace(minimal_recipe, "web/en: 1", "web/no: 1")
    replace(minimal_recipe, TOKENS, f"{TOKENS}\nexecution: {{compile: off, sequence_parallel: yes}}")
    recipe = load_recipe(minimal_recipe).recipe
    assert recipe.corpus.sources["web"].language == "no"
    assert (recipe.execution.compile, recipe.execution.sequence_parallel) == (False, True)


def test_layout_does_not_change_the_fingerprint_and_numerics_do(minimal_recipe: Path) -> None:
    plain = load_recipe(minimal_recipe).fingerprint()
    layout = ["execution.keep_checkpoints=1", "execution.micro_batch_sequences=3", "corpus.cache=/tmp/x"]
    assert load_recipe(minimal_recipe, layout).fingerprint() == plain
    for override in ("seed=2", "stages.base.tokens=300", "execution.threads=1", "model.architecture.layers=2"):
        assert load_recipe(minimal_recipe, [override]).fingerprint() != plain


@pytest.mark.parametrize("name", ["tiny", "starcoder-1b", "aurora-m"])
def test_the_recipes_we_ship_validate(root: Path, name: str) -> None:
    recipe = load_recipe(root / "recipes" / f"{name}.yaml").recipe
    assert recipe.name == name
    assert {"cap", "cat"} <= set(recipe.stages)


def test_the_paper_is_expressed(root: Path) -> None:
    recipe = load_recipe(root / "recipes/aurora-m.yaml").recipe
    cap, cat = recipe.stages["cap"], recipe.stages["cat"]
    assert (cap.tokens, cat.tokens) == (377_000_000_000, 58_000_000_000)
    assert cap.batch_tokens == cat.batch_tokens == 4_194_304
    assert cap.pace.sequences(0) == 2048
    assert round((cap.steps + cat.steps) / 1000) == 104
    assert (recipe.execution.tensor_parallel, recipe.execution.pipeline_parallel) == (4, 4)
