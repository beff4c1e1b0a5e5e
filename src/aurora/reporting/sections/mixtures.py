"""What each stage was trained on: token shares (the paper's Figure 2), epochs and throughput.

One decision: the control's mixture stands right under that of the stage it repeats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aurora.reporting.components import Palette, Row, figure, legend, section, table
from aurora.reporting.figures import Piece, Stack, stacked_bars
from aurora.reporting.markup import Html, join, tag
from aurora.reporting.schema import Report, Stage
from aurora.reporting.wording import compact, duration, share


def mixtures_section(report: Report, palette: Palette) -> Html:
    """Figure 2, and the stages in numbers."""
    shares = _shares(report, palette)
    tables = [part for part in (_share_table(report, palette), _stage_table(report)) if part]
    return section(
        "mixtures",
        "What each stage was trained on",
        shares,
        tag("div", [tag("div", part) for part in tables], class_="columns tables"),
    )


def _shares(report: Report, palette: Palette) -> Html | None:
    mixtures = _mixtures(report)
    sources = _ordered({source for _, _, shares in mixtures for source in shares}, palette)
    if not sources:
        return None
    stacks = [
        Stack(name, note, [_piece(source, shares[source], palette) for source in sources if shares.get(source)])
        for name, note, shares in mixtures
    ]
    title = "Token shares of each stage"
    described = "; ".join(f"{stack.label}: {', '.join(piece.labels[0] for piece in stack.pieces)}" for stack in stacks)
    return figure(
        title,
        stacked_bars("shares", title, f"{described}.", stacks),
        legend([(palette.source(source), source) for source in sources]),
        note="A source is SOURCE/LANGUAGE; colours stand for languages.",
    )


def _mixtures(report: Report) -> list[tuple[str, str, Mapping[str, float]]]:
    """(name, note, token shares) of each stage and of the control."""
    found: list[tuple[str, str, Mapping[str, float]]] = []
    control = report.control
    for stage in report.stages:
        if stage.token_shares:
            found.append((stage.name, f"{compact(stage.tokens)} tokens", stage.token_shares))
        if control and control.stage == stage.name and control.token_shares:
            note = "control" + (f", {compact(control.tokens)} tokens" if control.tokens else "")
            found.append((f"{stage.name}, {control.name}", note, control.token_shares))
    return found


def _ordered(sources: set[str], palette: Palette) -> list[str]:
    """Sources in the order of their languages; red-team pairs last."""
    places = {language: place for place, language in enumerate(palette.languages)}
    return sorted(sources, key=lambda source: (places.get(source.rsplit("/", 1)[-1], len(places)), source))


def _piece(source: str, part: float, palette: Palette) -> Piece:
    short, written = source.rsplit("/", 1)[-1], share(round(part, 3))
    return Piece([f"{source} {written}", f"{short} {written}", short], part, palette.source(source))


def _share_table(report: Report, palette: Palette) -> Html | None:
    sources = _ordered({source for stage in report.stages for source in stage.token_shares}, palette)
    rows: list[Row] = [[source, *[_share_and_epochs(stage, source) for stage in report.stages]] for source in sources]
    headings = ["source", *[stage.name for stage in report.stages]]
    return table("Share of tokens, and ×passes over the source", headings, rows) if rows else None


def _share_and_epochs(stage: Stage, source: str) -> Html | str:
    part = stage.token_shares.get(source)
    if not part:
        return "–"
    epochs = stage.epochs.get(source)
    written = share(round(part, 3))
    return written if epochs is None else join(written, tag("small", f" ×{epochs:.2g}"))


def _stage_table(report: Report) -> Html:
    control = report.control
    rows: list[Row] = []
    for stage in report.stages:
        rows.append(_stage_row(stage.name, stage.start, stage.tokens, stage.seconds, stage.tokens_per_second))
        if control and control.stage == stage.name and control.tokens and control.seconds:
            name = f"control {control.name}"
            rows.append(_stage_row(name, stage.start, control.tokens, control.seconds, control.tokens_per_second))
    return table("Stages", ["stage", "starts from", "tokens", "time", "tokens/s"], rows, words=(0, 1))


def _stage_row(name: str, start: str, tokens: int, seconds: float, rate: float | None) -> Sequence[str]:
    return [name, start or "–", compact(tokens), duration(seconds), "–" if rate is None else compact(rate)]
