"""The curation of a corpus: raw documents to clean ones, by a plan of shards in three phases.

One decision: phases pass data through files. Each shard is read, normalised and measured alone; fates are decided from
the columns of all shards, and again for what is left of documents that are cut; each shard is written alone. So memory
is bounded by one batch a worker, a killed build resumes at its unfinished shards, and a changed threshold reads no
text.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aurora.console.progress import progress, say
from aurora.corpus.cleaning.normalise import normalise
from aurora.corpus.document import COLUMNS, Document, Quarantined
from aurora.corpus.kernels.compiled import nothing_kept
from aurora.corpus.ledger import FILE, Ledger
from aurora.corpus.phases.decide import decide, judge_shard
from aurora.corpus.phases.losses import Read, check, check_kept, check_sources
from aurora.corpus.phases.named_files import named_files
from aurora.corpus.phases.part_files import PartWriter
from aurora.corpus.phases.prepare import SETTINGS, VERSION, prepare
from aurora.corpus.phases.remains import JUDGING, judge_remains, settle
from aurora.corpus.phases.workers import Task, Tick, carry_out
from aurora.corpus.phases.write import write_shard
from aurora.corpus.plan import Plan, Shard, load_plan, make_plan
from aurora.corpus.repeats.boilerplate import decide_cuts
from aurora.corpus.repeats.passages import LISTING, list_shard
from aurora.corpus.repeats.sign import SIGNING, sign_shard
from aurora.corpus.rules.judging import check_thresholds
from aurora.corpus.sources import provenance, read_source
from aurora.corpus.work import WorkFiles, at_work, fingerprint, wait_for_workers
from aurora.files import sha256, write_json
from aurora.hashes import digest_of
from aurora.languages import lookup
from aurora.languages.labels import CODE, UNDETERMINED
from aurora.recipe.corpus import Corpus

PARTS = ("clean", "held_out", "dropped", "quarantined", "other_domain")
# Names of the phases and of their steps, as folders of `.done.json` files in `corpus.work`.
PREPARE, SIGN, LIST, JUDGE, REMAIN, WRITE = "prepared", "signed", "listed", "judged", "left", "written"
# What languages say that no text or statistic depends on.
NOT_PREPARED_BY = frozenset({"name", "own_name", "thresholds", "latin_words"})
_LABELS = {PREPARE: "read and measure", REMAIN: "judge what is left of", WRITE: "write"}


def build_corpus(
    corpus: Corpus, base: Path, cache: Path, seed: int, folder: Path, work: Path | None = None
) -> dict[str, Any]:
    """Curate every source of `corpus` into `folder`; returns the ledger, also written to `ledger.json`.

    Relative paths start from `base`; downloads go to `cache`; `work` (default: beside `folder`) holds what shards leave
    for the next phase and the next build. Which documents are held out depends on their text alone, not on `seed`, so
    that runs with other seeds are measured on the same text. A language with at least `MEASURED_FROM` documents but
    none held out gives up the one with the lowest hash.
    """
    check_thresholds(corpus.curation.thresholds)
    work = work or folder.with_name(f"{folder.name}.work")
    wait_for_workers(work)
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / FILE).unlink(missing_ok=True)
    _write_other_domain(corpus, base, cache, folder)
    origins = {name: provenance(name, source, base, cache) for name, source in sorted(corpus.sources.items())}
    plan = make_plan(corpus, base, cache, folder, work, origins)
    settings = _prepared_by(plan)
    if nothing_kept():
        say("  Compiling what reads text for this processor first: a minute or two, once.")
    read = _run(plan, PREPARE, settings)
    check_sources(corpus.sources, ((shard.source, read[shard.name]) for shard in plan.shards))
    states = _run(plan, WRITE, _decided(plan, settings))
    _tidy(plan)
    ledger = Ledger()
    for shard in plan.shards:
        ledger.add(states[shard.name]["ledger"])
    closed = ledger.close({name: origins[name] for name in corpus.sources})
    if unknown := lookup.said_without_file(lang for table in closed["by_source"].values() for lang in table):
        say(f"  {unknown}")  # before rules that do not fit a language are said to have dropped all of its text
    check_kept(closed)
    write_json(folder / FILE, closed)
    if not corpus.execution.keep_work:
        shutil.rmtree(work)
    _say_result(closed)
    return closed


def _decided(plan: Plan, settings: Mapping[str, str]) -> dict[str, str]:
    """Decide the fates and cuts of all documents; returns by shard the fingerprint of everything decided."""
    curation = plan.corpus.curation
    fates = decide(plan)
    if "drop" not in (curation.boilerplate_lines, curation.repeated_passages):
        return {name: fingerprint(settings[name], fates_of_shard) for name, fates_of_shard in fates.items()}
    cuts = decide_cuts(plan) if curation.boilerplate_lines == "drop" else {}
    rules = _judged_by(plan.corpus)
    common = {name: (settings[name], cuts.get(name), rules, JUDGING) for name in fates}

    def judge(repeats: Mapping[str, str]) -> object:
        return _run(plan, REMAIN, {name: fingerprint(*common[name], repeats.get(name)) for name in fates})

    repeats = settle(plan, judge)
    fates = decide(plan, cut=True)
    return {name: fingerprint(*common[name], repeats.get(name), fates[name]) for name in fates}


def run_task(task: Task, tick: Tick) -> dict[str, Any]:
    """Carry out one phase of one shard of a saved plan; runs in whichever process the engine chose."""
    path = Path(task["plan"])
    with at_work(path.parent):
        plan = load_plan(path)
        return _carry_out(task, plan, plan.by_name[task["shard"]], tick)


def _carry_out(task: Task, plan: Plan, shard: Shard, tick: Tick) -> dict[str, Any]:
    files = WorkFiles(plan.work, shard.name)
    if task["phase"] == PREPARE:
        result = files.result(PREPARE, task["fingerprint"])
        if result is None:
            result = prepare(plan, shard, tick)
            if plan.corpus.curation.duplicates == "near":  # `prepare` signed the texts while it had them
                files.finish(SIGN, fingerprint(task["fingerprint"], SIGNING), {}, files.signatures)
            files.finish(PREPARE, task["fingerprint"], result, files.texts, files.facts, files.quarantined, files.lines)
        for step, (carry_out_step, version_of_step) in _optional_steps(plan.corpus).items():
            step_fingerprint = fingerprint(task["fingerprint"], version_of_step)
            if files.result(step, step_fingerprint) is None:
                carry_out_step(plan, shard)
                files.finish(step, step_fingerprint, {}, files.signatures if step == SIGN else files.passages)
        judged = fingerprint(task["fingerprint"], _judged_by(plan.corpus))
        if files.result(JUDGE, judged) is None:
            judge_shard(plan, shard)
            files.finish(JUDGE, judged, {}, files.judged)
        return {"shard": shard.name, **result}
    if task["phase"] == REMAIN:
        judge_remains(plan, shard)
        files.finish(REMAIN, task["fingerprint"], {}, files.remains)
        return {"shard": shard.name}
    ledger = write_shard(plan, shard, tick)
    result = {
        "shard": shard.name,
        "ledger": ledger,
        "hashes": _part_hashes(plan, shard.name),
        "bytes": ledger["bytes"]["in"],
    }
    files.finish(WRITE, task["fingerprint"], result)
    return result


def _run(plan: Plan, phase: str, fingerprints: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Carry out a phase for every shard that still needs it; returns the results of all by shard."""
    path = plan.save()
    results = {}
    tasks: list[Task] = []
    for shard in plan.shards:
        wanted = fingerprints[shard.name]
        result = WorkFiles(plan.work, shard.name).result(phase, wanted)
        if result is not None and _is_still_done(plan, phase, shard.name, wanted, result):
            results[shard.name] = result
        else:
            tasks.append({"plan": str(path), "phase": phase, "shard": shard.name, "fingerprint": wanted})
    with progress(f"{_LABELS[phase]} {len(tasks)} of {len(plan.shards)} shards", None, "B") as bar:
        sizes = [plan.by_name[task["shard"]].size for task in tasks]
        size = None if None in sizes else sum(filter(None, sizes))
        for result in carry_out(tasks, size, plan.corpus.execution, run_task, bar.update):
            results[result["shard"]] = result
    return results


def _optional_steps(corpus: Corpus) -> dict[str, tuple[Callable[[Plan, Shard], None], int]]:
    """The steps after preparing that the recipe asks for, with the versions of their code."""
    steps: dict[str, tuple[Callable[[Plan, Shard], None], int]] = {}
    if corpus.curation.duplicates == "near":
        steps[SIGN] = (sign_shard, SIGNING)
    if corpus.curation.repeated_passages == "drop":
        steps[LIST] = (list_shard, LISTING)
    return steps


def _is_still_done(plan: Plan, phase: str, shard: str, prepared: str, result: Mapping[str, Any]) -> bool:
    """Whether a finished phase still holds: its files are there, and its steps and rules are those of the recipe."""
    files = WorkFiles(plan.work, shard)
    if phase == PREPARE:
        versions = {step: version_of_step for step, (_, version_of_step) in _optional_steps(plan.corpus).items()}
        done = all(files.result(step, fingerprint(prepared, version)) is not None for step, version in versions.items())
        return done and files.result(JUDGE, fingerprint(prepared, _judged_by(plan.corpus))) is not None
    if phase == REMAIN:
        return files.remains.is_file()
    return bool(_part_hashes(plan, shard) == result["hashes"])


def _part_hashes(plan: Plan, shard: str) -> dict[str, str]:
    """SHA-256 by name of the files that a shard wrote to the corpus."""
    return {name: digest_of(plan.folder / name) for name in _part_names(plan, shard)}


def _prepared_by(plan: Plan) -> dict[str, str]:
    """By shard, the fingerprint of everything that its first phase depends on."""
    settings = plan.corpus.curation.numerics()
    measured = {path.name: sha256(path) for path in sorted((plan.folder / "other_domain").iterdir())}
    packages = [version(name) for name in ("ftfy", "langcodes", "pycld2")]
    files = named_files(plan.corpus.curation, plan.base)
    spoken = lookup.digest([lookup.default(), *(entry.language for entry in lookup.entries())], NOT_PREPARED_BY)
    common = [VERSION, packages, files, {name: settings[name] for name in SETTINGS}, measured, spoken]
    sources = {name: source.numerics() for name, source in plan.corpus.sources.items()}
    return {
        shard.name: fingerprint(*common, sources[shard.source], plan.identities[shard.name]) for shard in plan.shards
    }


def _judged_by(corpus: Corpus) -> Any:
    """What the judgement of a document depends on besides its columns."""
    allowed = {tag: lookup.limits(tag) for tag in (UNDETERMINED, CODE, *lookup.codes())}
    wanted = corpus.curation.contamination
    return [corpus.curation.rules, corpus.curation.thresholds, allowed, wanted is not None and wanted.remove]


def _part_names(plan: Plan, shard: str) -> list[str]:
    """The existing files that a shard wrote to the corpus, relative to it."""
    names = [f"{part}/{shard}.parquet" for part in ("clean", "held_out", "dropped")]
    return [name for name in (*names, f"quarantined/{shard}.jsonl") if (plan.folder / name).is_file()]


def _tidy(plan: Plan) -> None:
    """Remove files that no shard of this plan wrote: leftovers of killed attempts and of shards that no longer
    exist."""
    wanted = {name for shard in plan.shards for name in _part_names(plan, shard.name)}
    for part in PARTS[:-1]:
        for path in (plan.folder / part).iterdir():
            if f"{part}/{path.name}" not in wanted:
                path.unlink()
    for path in plan.work.glob("*/*"):
        if path.name.removesuffix(".done.json").removesuffix(path.suffix) not in plan.by_name:
            path.unlink()


def _write_other_domain(corpus: Corpus, base: Path, cache: Path, folder: Path) -> None:
    """Write the documents of `other_domain`, which are only measured on."""
    shutil.rmtree(folder / "other_domain")
    (folder / "other_domain").mkdir()
    for name, source in sorted(corpus.other_domain.items()):
        read = Read()
        with PartWriter(folder, name) as writer:
            for document in _documents(read_source(name, source, base, cache), read):
                writer.write("other_domain", replace(document, text=normalise(document.text, document.lang)))
        check(f"corpus.other_domain.{name}", source, read)
        if read.quarantined:  # the ledger counts training text only
            say(f"  left out {read.quarantined:,} unreadable inputs of corpus.other_domain.{name}")


def _documents(inputs: Iterator[Document | Quarantined], read: Read) -> Iterator[Document]:
    """The documents that can be written; `read` counts them and those that cannot."""
    for item in inputs:
        if isinstance(item, Quarantined):
            read.lose(item)
            continue
        try:
            for column in COLUMNS:
                getattr(item, column).encode()
        except UnicodeEncodeError as error:
            read.lose(Quarantined(item.source, item.url, str(error)))
            continue
        read.documents += 1
        read.bytes += len(item.text.encode())
        yield item


def _say_result(ledger: dict[str, Any]) -> None:
    documents = ledger["documents"]
    say(
        f"  {documents['in']:,} documents in: {documents['kept']:,} kept ({ledger['bytes']['kept'] / 1e6:.1f} MB), "
        f"{documents['dropped']:,} dropped, {documents['quarantined']:,} quarantined"
    )
