"""What each stage was trained on: token shares (the paper's Figure 2), epochs and throughput.

One decision: shares are of the tokens with a loss, since a model learns from these alone; the share of all tokens read
is given beside them. The control's mixture is right below that of the stage it repeats.
"""

from __future__ import annotations

from collections.abc import Mapping

from aurora.languages.labels import CODE as CODE_TAG
from aurora.recipe.names import REDTEAM
from aurora.reporting.charts.figures import Piece, Stack, stacked_bars
from aurora.reporting.page.components import Palette, Row, figure, legend, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Control, Report, Stage
from aurora.reporting.wording import compact, duration, share

TEXT, CODE, INSTRUCTIONS = KINDS = ("text", "code", "instructions")


def mixtures_section(report: Report, palette: Palette) -> Html:
    """Figure 2, and the stages in numbers."""
    shares = _shares(report, palette)
    tables = [part for part in (_kind_table(report), _stage_table(report)) if part]
    return section(
        "mixtures",
        "What each stage was trained on",
        shares,
        _share_table(report, palette),  # with a column for each stage: half of a page is too narrow for four
        tag("div", [tag("div", part) for part in tables], class_="columns tables"),
    )


def _shares(report: Report, palette: Palette) -> Html | None:
    mixtures = _mixtures(report)
    sources = _ordered({source for _, _, shares in mixtures for source in shares}, palette)
    if not sources:
        return None
    series = {source: _series(source, report, palette) for source in sources}
    stacks = [
        Stack(name, note, [_piece(source, shares[source], series[source]) for source in sources if shares.get(source)])
        for name, note, shares in mixtures
    ]
    title = "Shares of each stage's tokens with a loss"
    described = "; ".join(f"{stack.label}: {', '.join(piece.labels[0] for piece in stack.pieces)}" for stack in stacks)
    return figure(
        title,
        stacked_bars("shares", title, f"{described}.", stacks),
        legend([(series[source], source) for source in sources]),
        note="A source is SOURCE/LANGUAGE; colours stand for languages, dots for conversations, stripes for what is "
        "made of the policy.",
    )


def _mixtures(report: Report) -> list[tuple[str, str, Mapping[str, float]]]:
    """(name, note, token shares) of each stage and of the control."""
    mixtures: list[tuple[str, str, Mapping[str, float]]] = []
    control = report.control
    for stage in report.stages:
        if stage.token_shares:
            mixtures.append((stage.name, f"{compact(stage.tokens)} tokens", stage.token_shares))
        if control and control.stage == stage.name and control.token_shares:
            note = "control" + (f", {compact(control.tokens)} tokens" if control.tokens else "")
            mixtures.append((f"{stage.name}, {control.name}", note, control.token_shares))
    return mixtures


def _ordered(sources: set[str], palette: Palette) -> list[str]:
    """Sources in the order of their languages; red-team pairs last."""
    ranks = {language: rank for rank, language in enumerate(palette.languages)}
    return sorted(sources, key=lambda source: (ranks.get(source.rsplit("/", 1)[-1], len(ranks)), source))


def _series(source: str, report: Report, palette: Palette) -> str:
    """A source's colour, and its pattern where it is no text or code."""
    is_conversations = _kind(source, report) == INSTRUCTIONS and not source.startswith(f"{REDTEAM}/")
    return f"{palette.source(source)}{' dotted' if is_conversations else ''}"


def _piece(source: str, part: float, series: str) -> Piece:
    short, written = source.rsplit("/", 1)[-1], share(round(part, 3))
    return Piece([f"{source} {written}", f"{short} {written}", short], part, series)


def _share_table(report: Report, palette: Palette) -> Html | None:
    sources = _ordered({source for stage in report.stages for source in stage.token_shares}, palette)
    rows: list[Row] = [[source, *[_share_and_epochs(stage, source) for stage in report.stages]] for source in sources]
    headings = ["source", *[stage.name for stage in report.stages]]
    title = "Share of tokens with a loss, ×passes over the source, and share of tokens read if that differs"
    return table(title, headings, rows) if rows else None


def _kind_table(report: Report) -> Html | None:
    """Text, code and instructions of each stage, where there are instructions; and what these were made from."""
    kinds = {source: _kind(source, report) for stage in report.stages for source in stage.token_shares}
    if INSTRUCTIONS not in kinds.values():
        return None
    rows: list[Row] = []
    for stage in report.stages:
        parts = dict.fromkeys(KINDS, 0.0)
        for source, part in stage.token_shares.items():
            parts[kinds[source]] += part
        rows.append([stage.name, *(share(round(part, 3)) if part else "–" for part in parts.values())])
    said = "{} was made from the training sets of {}: what a stage gains on these is not all transfer."
    notes = [
        tag("p", said.format(name, ", ".join(made_from)), class_="note")
        for name, origin in sorted(report.corpus.sources.items())
        if (made_from := origin.get("made_from")) and any(source.startswith(f"{name}/") for source in kinds)
    ]
    return join(table("Share of tokens with a loss by kind of text", ["stage", *KINDS], rows), *notes)


def _kind(source: str, report: Report) -> str:
    """What a store holds: conversations of any language, code, or text."""
    name, _, language = source.rpartition("/")
    origin = report.corpus.sources.get(name, {})
    if name == REDTEAM or origin.get("kind") == "conversations":
        return INSTRUCTIONS
    return CODE if language == CODE_TAG else TEXT


def _share_and_epochs(stage: Stage, source: str) -> Html | str:
    part = stage.token_shares.get(source)
    if not part:
        return "–"
    epochs = stage.epochs.get(source)
    written, read = share(round(part, 3)), _share_read(stage, source)
    notes = [f"×{epochs:.2g}" if epochs is not None else "", f"{read} read" if read not in ("", written) else ""]
    small = ", ".join(note for note in notes if note)
    return join(written, tag("small", f" {small}")) if small else written


def _share_read(stage: Stage, source: str) -> str:
    """A source's share of all that the stage read, or nothing where that is not known."""
    total = sum(tokens or 0 for tokens in stage.tokens_read.values())
    tokens = stage.tokens_read.get(source)
    return share(round(tokens / total, 3)) if tokens is not None and total else ""


def _stage_table(report: Report) -> Html:
    control = report.control
    rows: list[Row] = []
    for stage in report.stages:
        rate = stage.tokens_per_second
        rows.append([stage.name, stage.start or "–", *_amounts(stage, stage.tokens), *_pace(stage.seconds, rate)])
        if control and control.stage == stage.name and control.tokens and control.seconds:
            amounts, pace = _amounts(control, control.tokens), _pace(control.seconds, control.tokens_per_second)
            rows.append([f"control {control.name}", stage.start or "–", *amounts, *pace])
    headings = ["stage", "starts from", "tokens", "with a loss", "padding", "time", "tokens/s"]
    return table("Stages", headings, rows, words=(0, 1))


def _amounts(trained: Stage | Control, tokens: int) -> list[str]:
    """All tokens, those with a loss, and the share of padding."""
    counted = sum(number or 0 for number in trained.loss_tokens.values())
    return [compact(tokens), compact(counted) if counted else "–", share(trained.padding / tokens) if tokens else "–"]


def _pace(seconds: float, rate: float | None) -> list[str]:
    return [duration(seconds), "–" if rate is None else compact(rate)]
