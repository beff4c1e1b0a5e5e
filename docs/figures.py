"""What the README says of the demo, made from the report of one run: `demo.json`, beside this file.

One decision: no figure of the README is typed. `python docs/generate.py --demo runs/tiny` takes another run's report,
and the figures and the picture of its page follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aurora.languages.lookup import language_name
from aurora.reporting.compared import costs
from aurora.reporting.schema import Report, Stage, relative_changes
from aurora.reporting.wording import MINUS, NARROW, bits, listing, magnitude, share, signed, span

OLD, NEW = ("en", "code"), ("fi", "hi", "ja", "vi")
BEFORE_SAFETY = "cat"


def demo_section(report: Report) -> str:
    """The table and what it shows, as Markdown with the characters of a keyboard."""
    parts = [_intro(report), "", *_table(report), "", *_retention(report), *_transfer(report), *_answers(report)]
    parts += [*_safety(report), *_fluency(report)]
    return "\n".join(parts).replace(NARROW, " ").replace(MINUS, "-") + "\n"


def _intro(report: Report) -> str:
    said = report.environment
    how = f"torch {str(said.torch).partition('+')[0]}, {said.precision} with fp32 master weights"
    return (
        f"One run on {said.threads} cores of an {getattr(said, 'cpu', None) or 'unknown processor'} ({how}), "
        "whose report is [docs/demo.json](docs/demo.json);\nbits per byte on held-out text, fewer is better, with an "
        "interpolated Kneser-Ney token bigram trained on the same text beside them:"
    )


def _table(report: Report) -> list[str]:
    rows: list[tuple[str, Mapping[str, float]]] = []
    for stage in report.stages:
        rows.append((stage.name, stage.bits_per_byte))
        if report.control and report.control.stage == stage.name:
            how = report.control.name.replace("-", " ")
            rows.append((f"{stage.name}, control {how}", report.control.bits_per_byte))
    rows.append(("bigram", report.bigram_bits_per_byte))
    languages = (*OLD, *NEW)
    lines = [f"| | {' | '.join(languages)} |", f"|{'---|' * (len(languages) + 1)}"]
    return lines + [f"| {name} | {' | '.join(bits(found.get(one)) for one in languages)} |" for name, found in rows]


def _retention(report: Report) -> list[str]:
    first, kept = report.first.bits_per_byte, _stage(report).bits_per_byte
    changes = relative_changes(first, kept)
    text = (
        f"- **Retention.** From `{report.first.name}` to `{BEFORE_SAFETY}` bits per byte of English and code "
        f"changed by {_each(changes, OLD)}"
    )
    if report.control:
        above = relative_changes(first, report.control.bits_per_byte)
        text += f";\n  in the control without replay, by {_each(above, OLD)}"
    return [f"{text}."]


def _transfer(report: Report) -> list[str]:
    changes, elsewhere = (
        relative_changes(getattr(report.first, domain), getattr(_stage(report), domain))
        for domain in ("bits_per_byte", "bits_per_byte_other_domain")
    )
    return [
        f"- **Transfer.** The four languages need {_fewer(changes)} fewer bits after `{BEFORE_SAFETY}`, and "
        f"{_fewer(elsewhere)} fewer on web\n  sentences, a domain no stage sees. A part of this gain is learning the "
        "tokens of scripts that `base` never met."
    ]


def _answers(report: Report) -> list[str]:
    """Only where conversations are among what the run reads."""
    changes = relative_changes(report.first.bits_per_byte_answers, _stage(report).bits_per_byte_answers)
    if not changes:
        return []
    return [
        f"- **Instructions.** Answers of held-out conversations need {span([*changes.values()])} fewer bits after "
        f"`{BEFORE_SAFETY}` than after `{report.first.name}`."
    ]


def _safety(report: Report) -> list[str]:
    safety = report.safety
    if safety is None:
        return []
    before, after = safety.before, safety.after
    cost = costs(report)[-1]
    parts = [
        f"- **Safety.** Of {after.harmful_prompts} held-out harmful prompts, worded as no training prompt was, "
        f"{share(before.refusal_rate)} were refused before and\n  {share(after.refusal_rate)} after; of "
        f"{after.benign_prompts} harmless look-alikes {share(before.over_refusal_rate)} were refused before and "
        f"{share(after.over_refusal_rate)} after. The tuning cost at most\n  {_most(cost.changes)}",
        f" and, on web sentences, {_most(cost.elsewhere)}" if cost.elsewhere else "",
        ". The rates differ by language; the report lists them with intervals.",
        f"\n  Judge: {after.judge.words}." if after.judge else "",
    ]
    return ["".join(parts)]


def _fluency(report: Report) -> list[str]:
    text = (
        "- **Not fluency.** The bigram is better in most columns: in a million tokens a network of this size learns "
        "little more than\n  which token follows which"
    )
    return [f"{text}{_tasks(report)}. The page says so beside every figure."]


def _tasks(report: Report) -> str:
    """Where nothing of what the last model scores in tasks is surely above chance."""
    scores = [one for one in report.tasks if one.checkpoint == report.stages[-1].name and one.chance]
    if not scores or any(one.interval is None or one.interval[0] > (one.chance or 0) for one in scores):
        return ""
    listed = listing([share(one.score) for one in scores])
    return f", and answers {scores[0].items} items as guessing would ({listed}, chance {share(scores[0].chance)})"


def _stage(report: Report) -> Stage:
    return next(stage for stage in report.stages if stage.name == BEFORE_SAFETY)


def _each(changes: Mapping[str, float], languages: Iterable[str]) -> str:
    return listing([signed(changes[language]) for language in languages])


def _fewer(changes: Mapping[str, float]) -> str:
    return span([changes[language] for language in NEW])


def _most(changes: Mapping[str, float]) -> str:
    worst = max(changes, key=lambda language: changes[language])
    return f"{magnitude(changes[worst])} ({language_name(worst)})"
