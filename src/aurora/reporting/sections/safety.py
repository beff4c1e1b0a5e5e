"""The safety section: refusals before and after, by language, with intervals and the answers themselves.

One decision: refusals of harmful prompts and of harmless look-alikes are shown side by side, since either alone is easy
to achieve and worthless.
"""

from __future__ import annotations

from collections.abc import Callable

from aurora.languages.lookup import language_name
from aurora.redteam.hazards import TITLES
from aurora.redteam.judge import OUTCOMES, Outcome
from aurora.reporting.charts.figures import Rate, RateRow, rate_chart
from aurora.reporting.page.components import (
    MAX_ROWS,
    Row,
    figure,
    folded,
    legend,
    quoted,
    section,
    table,
    without_blanks,
)
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.refusing import enough
from aurora.reporting.schema import EarlyEnd, Rates, Report, Safety, SafetyExample, Stage
from aurora.reporting.verdict import judge_text, policy_of
from aurora.reporting.wording import compact, count, in_order, language_title, listing, sentence, share

MAX_ANSWER_LETTERS = 1_000  # of a prompt or an answer
WORDING: dict[Outcome, str] = {
    "refusal": "refused",
    "answer": "answered",
    "other_language": "in another language",
    "incapable": "not readable",
}


def safety_section(report: Report) -> Html | None:
    """Charts, table and examples."""
    safety = report.safety
    if safety is None:
        return None
    names = safety.before_stage or "before", safety.after_stage or "after"
    return section(
        "safety",
        "Safety before and after",
        _policy(safety),
        _drafts(safety),
        *(_early_end(stage, stage.early_end) for stage in report.stages if stage.early_end),
        legend([("rate-before", f"before ({names[0]})"), ("rate-after", f"after ({names[1]})")]),
        tag(
            "div",
            _chart(safety, "refusals", "Harmful prompts refused", "More is better.", harmful),
            _chart(safety, "over-refusals", "Harmless look-alikes refused", "Less is better.", benign),
            class_="columns",
        ),
        _rates("Refusals by language", "language", _pairs(safety)),
        _across(safety),
        _rates("Refusals by category", "category", _categories(safety)),
        _rates("Refusals by hazard of AILuminate", "hazard", _hazards(safety)),
        _outcomes(safety, names),
        _examples(safety),
        lead=f"The model answers prompts of {policy_of(safety)} whose templates were never trained on; fixed rules "
        "judge each answer to be a refusal, an answer, text in another language than asked, or unreadable. Whiskers "
        f"and brackets are 95 % Wilson intervals.{judge_text(safety.after)}",
    )


def harmful(rates: Rates) -> tuple[float | None, tuple[float, float] | None]:
    """Refusals of what the policy forbids."""
    return rates.refusal_rate, rates.refusal_interval


def benign(rates: Rates) -> tuple[float | None, tuple[float, float] | None]:
    """Refusals of what only looks like it."""
    return rates.over_refusal_rate, rates.over_refusal_interval


def _policy(safety: Safety) -> Html | None:
    policy = safety.policy
    if policy is None:
        return None
    parts = [policy.title or policy.name, policy.status]
    return tag("p", tag("strong", "Policy: "), " — ".join(part for part in parts if part), class_="note")


def _drafts(safety: Safety) -> Html | None:
    drafts = safety.drafts
    if drafts is None:
        return None
    worded: dict[str, str] = {str(outcome): words for outcome, words in WORDING.items()}
    left = ", ".join(f"{number:,} {worded.get(reason, reason)}" for reason, number in drafts.dropped.items())
    text = f"{drafts.kept:,} of {drafts.prompts:,} harmless prompts were answered by the imported model itself, for "
    text += f"training ({left} left out)." if left else "training."
    text += f" Judge: {drafts.judge.words}." if drafts.judge else ""
    return tag("p", tag("strong", "Drafts: "), text, class_="note")


def _early_end(stage: Stage, end: EarlyEnd) -> Html:
    """Where a stage ended by its refusals, and what was measured until then."""
    goal = (
        f"{share(end.refused)} or more of watched harmful prompts refused, and {share(end.harmless_refused)} or fewer "
    )
    goal += "of harmless ones"
    text = f"{stage.name} was to end with {goal}; "
    if end.reached is None:
        text += f"it did not within its {compact(end.planned_tokens)} tokens."
    else:
        text += f"so it was after {end.reached:,} steps, and it ended after {compact(stage.tokens)} of "
        text += f"{compact(end.planned_tokens)} tokens."
    rows: list[Row] = [
        [stage.name, compact(it.step), share(it.refused), share(it.harmless_refused)] for it in end.measured
    ]
    headings = ["stage", "steps", "harmful refused", "harmless refused"]
    measured = folded("Every measurement", table("Watched prompts refused", headings, rows)) if rows else None
    return join(tag("p", tag("strong", "Early end: "), text, class_="note"), measured)


def _pairs(safety: Safety) -> list[tuple[str, Rates, Rates]]:
    pairs: list[tuple[str, Rates, Rates]] = [("All languages", safety.before, safety.after)]
    for language in in_order(set(safety.before.by_language) & set(safety.after.by_language)):
        pairs.append(
            (language_title(language), safety.before.by_language[language], safety.after.by_language[language])
        )
    return pairs


def _categories(safety: Safety) -> list[tuple[str, Rates, Rates]]:
    return [(name.replace("_", " "), rates.before, rates.after) for name, rates in safety.categories.items()]


def _hazards(safety: Safety) -> list[tuple[str, Rates, Rates]]:
    titles: dict[str, str] = {str(code): title for code, title in TITLES.items()}
    return [(titles.get(code, code), rates.before, rates.after) for code, rates in safety.hazards.items()]


def _chart(
    safety: Safety,
    identity: str,
    title: str,
    note: str,
    choose: Callable[[Rates], tuple[float | None, tuple[float, float] | None]],
) -> Html:
    rows: list[RateRow] = []
    for name, before, after in _pairs(safety):
        (old, old_interval), (new, new_interval) = choose(before), choose(after)
        if old is not None and new is not None:
            rows.append(RateRow(name, Rate(old, old_interval), Rate(new, new_interval), f"{share(old)} → {share(new)}"))
    described = "; ".join(f"{row.label} {row.written}" for row in rows)
    return figure(title, rate_chart(identity, title, f"{described}.", rows), note=note)


def _rates(title: str, of: str, pairs: list[tuple[str, Rates, Rates]]) -> Html | None:
    rows: list[Row] = []
    for name, before, after in pairs:
        rows.append(
            [
                name,
                count(after.harmful_prompts),
                _rate(*harmful(before)),
                _rate(*harmful(after)),
                count(after.benign_prompts),
                _rate(*benign(before)),
                _rate(*benign(after)),
            ]
        )
    headings = [of, "harmful", "refused before", "refused after", "harmless", "refused before", "refused after"]
    return table(title, headings, rows) if rows else None


def _across(safety: Safety) -> Html | None:
    """What tuning in some languages did in all, where it was not in all."""
    if not safety.trained_in:
        return None
    rows: list[Row] = []
    for language in in_order(set(safety.before.by_language) & set(safety.after.by_language)):
        before, after = safety.before.by_language[language], safety.after.by_language[language]
        trained = "trained on" if language in safety.trained_in else "measured only"
        changes = [f"{share(choose(before)[0])} → {share(choose(after)[0])}" for choose in (harmful, benign)]
        rows.append([language_title(language), trained, *changes, "yes" if enough(after) else "no"])
    headings = ["language", "prompts", "harmful refused", "harmless refused", "as wanted"]
    names = listing([language_name(language) for language in in_order(safety.trained_in)])
    return table(f"Tuned in {names}, measured in all", headings, rows, words=(0, 1, 4))


def _outcomes(safety: Safety, names: tuple[str, str]) -> Html | None:
    """What the answers were, of all languages: a model that cannot speak is neither safe nor harmful."""
    rows: list[Row] = []
    for name, rates in zip(names, (safety.before, safety.after), strict=True):
        for kind, outcomes in (("harmful", rates.harmful_outcomes), ("harmless", rates.benign_outcomes)):
            if total := sum(outcomes.values()):
                shares = (share(outcomes.get(outcome, 0) / total) for outcome in OUTCOMES)
                rows.append([name, kind, count(total), *shares])
    headings = ["stage", "prompts", "number", *(WORDING[outcome] for outcome in OUTCOMES)]
    return table("What the answers were", headings, rows) if rows else None


def _rate(rate: float | None, interval: tuple[float, float] | None) -> Html | str:
    if interval is None:
        return share(rate)
    return join(share(rate), tag("small", f" [{share(interval[0])}, {share(interval[1])}]"))


def _examples(safety: Safety) -> Html | None:
    if not safety.examples:
        return None
    ordered = sorted(safety.examples[:MAX_ROWS], key=lambda example: (example.kind != "harmful", example.language))
    return folded("Prompts and answers", [_example(example) for example in ordered])


def _example(example: SafetyExample) -> Html:
    what = f"{sentence(example.kind)}, {language_name(example.language)}"
    what += f": {example.category.replace('_', ' ')}" if example.category else ""
    answers = (("before", example.before, example.outcome_before), ("after", example.after, example.outcome_after))
    return tag(
        "article",
        tag("h3", what),
        tag("p", quoted(example.prompt[:MAX_ANSWER_LETTERS], example.language, "quote opening")),
        tag(
            "dl",
            [
                tag(
                    "div",
                    tag("dt", f"{when}: {WORDING[outcome]}"),
                    tag("dd", quoted(without_blanks(answer[:MAX_ANSWER_LETTERS]), example.language)),
                )
                for when, answer, outcome in answers
            ],
        ),
        class_="sample",
    )
