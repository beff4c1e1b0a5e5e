"""The items, to be searched and filtered: what was asked, and what each checkpoint answered in each wording.

One decision: all of it is markup, written here and escaped like the rest of the page; the script only hides what is not
looked for. Without scripts and on paper the items are there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aurora.reporting.comparison.items import RIGHT, UNKNOWN, WRONG, Item, became, chosen
from aurora.reporting.page.components import Row, quoted, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.wording import MINUS, count, listing

MOST_LETTERS = 12_000_000  # of all items together
LONGEST_PROMPT, LONGEST_ANSWER, OPENING = 1500, 400, 90
LONG = 400  # letters of a prompt that holds a passage
MARKS = {RIGHT: "✓", WRONG: "✗", UNKNOWN: "–"}
SPOKEN = {RIGHT: "right", WRONG: "wrong", UNKNOWN: "not answered"}
PAIRS = {"01": "flipped to right", "10": "flipped to wrong", "11": "right in both", "00": "wrong in both"}
LEAD = (
    "An item is right (✓) where the mean of its scores over the wordings of a form is at least a half. Its text is "
    "that of the first wording, without examples; log-likelihoods are in the order of the choices."
)


def browser(items: Sequence[Item], names: Sequence[str]) -> Html:
    """What became of the items, the filters, and the items themselves."""
    written = list(_within(chosen(items), names))
    said = f"{count(len(written))} of {count(len(items))} items are on this page, those that flipped first"
    return section(
        "items",
        "Items",
        _counts(items, names) if len(names) > 1 else None,
        tag("p", f"{said}; all are in the files of results." if len(written) < len(items) else f"{said}."),
        tag("p", f"The marks of an item stand for {listing(names)}, in this order.") if len(names) > 1 else None,
        _filters(items, names),
        tag("div", written, id="list"),
        tag("p", "No item is like this.", id="none", hidden=""),
        _pages(),
        lead=LEAD,
    )


def _within(items: Sequence[Item], names: Sequence[str]) -> Iterator[Html]:
    units: dict[tuple[str, str], int] = {}
    letters = 0
    for item in items:
        written = _item(item, names, units.setdefault((item.task, item.form), len(units)))
        letters += len(written)
        if letters > MOST_LETTERS:
            return
        yield written


def _counts(items: Sequence[Item], names: Sequence[str]) -> Html:
    rows: list[Row] = []
    for number, name in enumerate(names[1:], 1):
        found = became(items, number)
        rows.append([name, *(count(found[pair]) for pair in PAIRS)])
    return table(f"Items beside {names[0]}, all forms", ["checkpoint", *PAIRS.values()], rows, rest="the results")


def _filters(items: Sequence[Item], names: Sequence[str]) -> Html:
    """What the script reads; hidden until it runs."""
    kinds = [("", "all items")]
    if len(names) > 1:
        kinds += [("flip", "flipped, either way"), *PAIRS.items()]
    else:
        kinds += [(RIGHT, "right"), (WRONG, "wrong")]
    units = dict.fromkeys((item.task, item.form) for item in chosen(items))
    of_units = [("", "all tasks"), *((str(place), f"{task}, {form}") for place, (task, form) in enumerate(units))]
    later = [(str(number), name) for number, name in enumerate(names)][1:]
    return tag(
        "div",
        _labelled(
            "Search", tag("input", type="search", id="words", placeholder="a word of an item", autocomplete="off")
        ),
        _labelled("Items", _select("kind", kinds)),
        _labelled(f"Beside {names[0]}", _select("model", list(reversed(later)))) if len(later) > 0 else None,
        _labelled("Task", _select("unit", of_units)),
        class_="filters",
        id="filters",
        role="search",
        hidden="",
    )


def _labelled(label: str, control: Html) -> Html:
    return tag("label", tag("span", label), control)


def _select(identity: str, options: Sequence[tuple[str, str]]) -> Html:
    return tag("select", [tag("option", label, value=value) for value, label in options], id=identity)


def _pages() -> Html:
    return tag(
        "p",
        tag("button", "Previous", type="button", id="previous"),
        tag("span", id="shown", aria_live="polite"),
        tag("button", "Next", type="button", id="next"),
        class_="pages",
        id="pages",
        hidden="",
    )


def _item(item: Item, names: Sequence[str], unit: int) -> Html:
    states = [tag("span", MARKS[state], class_=f"state state-{SPOKEN[state].split()[0]}") for state in item.states]
    spoken = ", ".join(f"{name} {SPOKEN[state]}" for name, state in zip(names, item.states, strict=True))
    opening = _opening(item.prompt or "")
    return tag(
        "details",
        tag(
            "summary",
            tag("span", states, class_="states", role="img", aria_label=spoken, title=spoken),
            tag("span", f"{item.task}, {item.form} · {item.id}"),
            tag("span", opening, class_="opening", dir="auto") if opening else None,
        ),
        tag("p", quoted(_middle_cut(item.prompt, LONGEST_PROMPT), item.language)) if item.prompt else None,
        _choices(item),
        _right(item),
        _answers(item, names),
        class_="item",
        data_states=item.states,
        data_unit=unit,
    )


def _opening(prompt: str) -> str:
    """A line of a prompt: of one that holds a passage the end, where questions about it differ."""
    words = " ".join(prompt.split())
    if len(words) <= OPENING:
        return words
    if len(words) < LONG:
        return f"{words[:OPENING]} …"
    end = words[-OPENING:]
    return f"… {end.partition(' ')[2] or end}"  # no part of a word, whose first letter may be only a mark


def _choices(item: Item) -> Html | None:
    if not item.choices:
        return None
    shown = [
        tag(
            "li",
            quoted(_middle_cut(choice.strip(), LONGEST_ANSWER), item.language),
            tag("strong", " (right)") if number == item.target else None,
        )
        for number, choice in enumerate(item.choices)
    ]
    return tag("ol", shown)


def _right(item: Item) -> Html | None:
    if not isinstance(item.target, list) or not item.target:
        return None
    return tag("p", "Right: ", quoted(_middle_cut(" / ".join(map(str, item.target)), LONGEST_ANSWER), item.language))


def _answers(item: Item, names: Sequence[str]) -> Html:
    rows: list[Row] = [
        [wording, *(_answer(answer, item.language) for answer in by_model)]
        for wording, by_model in item.answers.items()
    ]
    return table("Score and answer, by wording", ["wording", *names], rows, range(len(names) + 1), rest="the results")


def _answer(answer: Mapping[str, Any] | None, language: str) -> Html | str:
    if answer is None:
        return "–"
    score = f"{answer['score']:.2f}".removesuffix(".00") if "score" in answer else "not run"
    if "answer" in answer:
        # Of several programs that were drawn for one problem the first.
        first, *more = answer["answer"] if isinstance(answer["answer"], list) else [answer["answer"]]
        rest = tag("small", f" and {count(len(more))} more") if more else None
        said = quoted(_middle_cut(first, LONGEST_ANSWER), language) if first.strip() else tag("small", "nothing")
        return join(tag("b", score), " ", said, rest)
    if "log_likelihoods" in answer:
        figures = " · ".join(f"{value:.2f}".replace("-", MINUS) for value in answer["log_likelihoods"])
        return join(tag("b", score), tag("small", f" {figures}"))
    return tag("b", score)


def _middle_cut(text: str, letters: int) -> str:
    """`text`, or its beginning and its end, where a prompt has its question."""
    return text if len(text) <= letters else f"{text[: letters // 2]} […] {text[-letters // 2 :]}"
