from __future__ import annotations

import yaml

from aurora.redteam.review.exporting.card import card
from aurora.redteam.review.exporting.dataset import dataset_of
from review_log import Project, reviewed


def test_a_card_is_filled_from_the_dataset() -> None:
    project = reviewed(12)
    dataset = dataset_of(project.state, share=0.3)
    text = card(dataset, hub=True)
    front = yaml.safe_load(text.split("---")[1])
    assert (front["license"], front["language"], front["pretty_name"]) == ("cc0-1.0", ["en"], "A club")
    assert [config["config_name"] for config in front["configs"]] == ["default", "preferences"]
    for part in (
        "| source made up | ",
        "12 items were imported",
        dataset.digest,
        project.state.last,
        "| rules | 1 |",
        "| labels | 0.",
    ):
        assert part in text
    assert "configs" not in yaml.safe_load(card(dataset, hub=False).split("---")[1])


def test_several_licences_are_named() -> None:
    project = Project().begin(reviews=1, most=1).add(1).add(2, license="MIT")
    project.review("ann", 1)
    project.review("ann", 2)
    front = yaml.safe_load(card(dataset_of(project.state, share=0), hub=False).split("---")[1])
    assert (front["license"], front["license_name"]) == ("other", "CC0-1.0, MIT")


def test_a_title_cannot_break_out_of_its_place() -> None:
    from dataclasses import replace

    dataset = dataset_of(reviewed(3).state)
    text = card(replace(dataset, facts={**dataset.facts, "project": "a | <b>\n# c: '\"---"}), hub=False)
    assert yaml.safe_load(text.split("\n---\n")[0])["pretty_name"] == "a | <b>\n# c: '\"---"
    assert "# a \\| \\<b\\> \\# c" in text


def test_a_card_lists_as_much_as_can_be_read() -> None:
    project = Project().begin(reviews=1, most=1)
    for number in range(50):
        project.add(number, source=f"set {number}")
        project.review("ann", number)
    text = card(dataset_of(project.state, share=0), hub=False)
    assert text.count("| source set") == 40
    assert "10 more of source, in summary.json" in text
