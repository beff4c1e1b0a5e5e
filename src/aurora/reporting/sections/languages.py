"""Bits per byte by language and stage (the paper's Figure 1), and what was gained and forgotten.

One decision: the bigram and the control are in every panel and every table, since a figure without them says little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aurora.reporting.charts.figures import Lane, lane_panel
from aurora.reporting.compared import checkpoint_name, read_stages
from aurora.reporting.page.components import Cell, Palette, Row, figure, legend, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Report, relative_changes
from aurora.reporting.wording import bits, in_order, language_title, signed

# Changes below the first share have no colour; from the second share on the colour has its full strength.
NEUTRAL, STRONG = 0.02, 0.4
STAGE_SHAPES = ("ring", "diamond", "circle", "square", "triangle")


@dataclass(frozen=True)
class Domain:
    """Scores of every checkpoint in one domain: (name, scores, is it the control) in the page's order."""

    identity: str
    checkpoints: Sequence[tuple[str, Mapping[str, float], bool]]
    bigram: Mapping[str, float]

    @property
    def languages(self) -> list[str]:
        """Languages that any checkpoint was measured on."""
        return in_order(language for _, scores, _ in self.checkpoints for language in scores)


def training_domain(report: Report) -> Domain:
    """Held-out text of the sources that were trained on."""
    checkpoints = [(checkpoint_name(it), it.bits_per_byte, False) for it in report.measured]
    if report.control:
        checkpoints.append((report.control.name, report.control.bits_per_byte, True))
    return Domain("held-out", checkpoints, report.bigram_bits_per_byte)


def other_domain(report: Report) -> Domain:
    """Text of another domain."""
    checkpoints = [(checkpoint_name(it), it.bits_per_byte_other_domain, False) for it in report.measured]
    if report.control:
        checkpoints.append((report.control.name, report.control.bits_per_byte_other_domain, True))
    return Domain("other", checkpoints, report.bigram_bits_per_byte_other_domain)


def answers_domain(report: Report) -> Domain:
    """Answers of held-out conversations."""
    checkpoints = [(checkpoint_name(it), it.bits_per_byte_answers, False) for it in report.measured]
    if report.control:
        checkpoints.append((report.control.name, report.control.bits_per_byte_answers, True))
    return Domain("answers", checkpoints, report.bigram_bits_per_byte_answers)


def languages_section(report: Report, palette: Palette) -> Html:
    """Figure 1: every language through every stage."""
    domain = training_domain(report)
    return section(
        "languages",
        "Bits per byte by language and stage",
        _panels(domain, palette, "Held-out text of the training domain"),
        _scores(domain, "Bits per byte, held-out text of the training domain"),
        lead="How many bits the network needs for each byte of text it was not trained on: fewer is better. Held-out "
        "documents come from the same sources as the training text"
        + ("; another domain follows below." if other_domain(report).languages else "."),
    )


def gains_section(report: Report) -> Html | None:
    """Change relative to the imported model or, of a new network, to the stage that all others descend from."""
    domain = training_domain(report)
    if len(domain.checkpoints) < 2:
        return None
    first = read_stages(report).origin
    return section(
        "gains",
        "What was gained and what was forgotten",
        tag(
            "div",
            *(
                _changes(of_domain, report.measured.index(report.first), f"Change against {first}, {where}")
                for of_domain, where in (
                    (domain, "training domain"),
                    (other_domain(report), "another domain"),
                    (answers_domain(report), "answers"),
                )
            ),
            class_="columns tables",
        ),
        lead=f"Change of bits per byte relative to {first}. ▼ with a minus sign is better, ▲ with a plus sign is "
        "worse; changes within 2 % carry neither, as one run cannot tell them from chance.",
    )


def other_domain_section(report: Report, palette: Palette) -> Html | None:
    """The harder test: text of a domain that no stage trains on."""
    domain = other_domain(report)
    if not domain.languages:
        return None
    return section(
        "other-domain",
        "Another domain",
        _panels(domain, palette, "Text of another domain"),
        _scores(domain, "Bits per byte, text of another domain"),
        lead="The same measurement on text of a domain that no stage trains on. A gain here is not explained by having "
        "seen the same kind of document.",
    )


def answers_section(report: Report, palette: Palette) -> Html | None:
    """What instructions are trained for: answers after their prompts."""
    domain = answers_domain(report)
    if not domain.languages:
        return None
    return section(
        "answers",
        "Answers of held-out conversations",
        _panels(domain, palette, "Answers"),
        _scores(domain, "Bits per byte, answers of held-out conversations"),
        lead="The same measurement on the answers of conversations that were held out, each after its prompt and all "
        "turns before it. What was gained here stands beside what was kept on text above.",
    )


def _panels(domain: Domain, palette: Palette, title: str) -> Html:
    scores = [value for _, by_language, _ in domain.checkpoints for value in by_language.values()]
    highest = max([*scores, *domain.bigram.values()], default=1.0)
    panels = [_panel(domain, language, palette, highest) for language in domain.languages]
    note = "Shorter is better. All panels share one scale from zero."
    entries = [
        (f"key-{_shape(number, control)}", f"{name} (control)" if control else name)
        for number, (name, _, control) in enumerate(domain.checkpoints)
    ]
    entries += [("key-bigram", "token bigram")] if domain.bigram else []
    return figure(title, legend(entries), tag("div", panels, class_="panels"), note=note)


def _shape(number: int, is_control: bool) -> str:
    return "cross" if is_control else STAGE_SHAPES[min(number, len(STAGE_SHAPES) - 1)]


def _panel(domain: Domain, language: str, palette: Palette, highest: float) -> Html:
    lanes = [
        Lane(
            "control" if control else name,
            scores[language],
            bits(scores[language]),
            _shape(number, control),
            palette.series(language),
            control,
        )
        for number, (name, scores, control) in enumerate(domain.checkpoints)
        if language in scores
    ]
    bigram = domain.bigram.get(language)
    reference = None if bigram is None else (bigram, f"bigram {bits(bigram)}")
    name = language_title(language)
    described = ", ".join(f"{lane.label} {lane.written}" for lane in lanes)
    described += f"; {reference[1]}" if reference else ""
    return tag(
        "div",
        tag("h3", name),
        lane_panel(
            f"{domain.identity}-{language}", f"{name}, bits per byte", f"{described}.", lanes, highest, reference
        ),
        class_="panel",
    )


def _scores(domain: Domain, caption: str) -> Html:
    headings = ["language", *["control" if control else name for name, _, control in domain.checkpoints], "bigram"]
    rows: list[Row] = [
        [
            language_title(language),
            *[bits(scores.get(language)) for _, scores, _ in domain.checkpoints],
            Cell(bits(domain.bigram.get(language)), "aside"),
        ]
        for language in domain.languages
    ]
    return table(caption, headings, rows)


def _changes(domain: Domain, base: int, caption: str) -> Html | None:
    """A table of changes against the checkpoint at the place `base`, with the bigram's distance from it."""
    later = [*domain.checkpoints]
    _, first, _ = later.pop(base)
    if not first:
        return None
    columns = [("control" if control else name, relative_changes(first, scores)) for name, scores, control in later]
    if domain.bigram:
        columns.append(("bigram", relative_changes(first, domain.bigram)))
    rows: list[Row] = [
        [language_title(language), *[_change(changes.get(language)) for _, changes in columns]]
        for language in in_order(first)
    ]
    return tag("div", table(caption, ["language", *[name for name, _ in columns]], rows))


def _change(change: float | None) -> Cell:
    if change is None:
        return Cell("–")
    if abs(change) <= NEUTRAL:
        return Cell(signed(change))
    strength = round(12 + 58 * min(1.0, abs(change) / STRONG))  # percent of the colour: seen at 12, read over at 70
    arrow, kind = ("▼", "heat better") if change < 0 else ("▲", "heat worse")
    return Cell(join(tag("span", f"{arrow} ", aria_hidden="true"), signed(change)), kind, f"--strength:{strength}%")
