"""No message of pydantic is shown: each kind of complaint says what is there, and what belongs there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from aurora.written.complaints import complaint, quoted


def refuse(value: str) -> str:
    if value == "odd":
        raise ValueError("odd is not even")
    return value


class Row(BaseModel):
    count: Annotated[int, Field(ge=1, lt=2000)] = 1
    share: Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)] = 0.1
    kind: Literal["jsonl", "parquet"] = "jsonl"
    name: Annotated[str, Field(pattern=r"^[a-z]+$"), AfterValidator(refuse)] = "a"
    paths: Annotated[list[str], Field(min_length=1)] = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)
    flag: bool = False
    when: Annotated[str, Field(min_length=1)] = "x"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"count": "many"}, "'many' stands where a whole number belongs"),
        ({"count": 1.5}, "1.5 stands where a whole number belongs"),
        ({"count": 0}, "0 is out of bounds; give 1 or more"),
        ({"count": 2000}, "2000 is out of bounds; give less than 2,000"),
        ({"share": 0}, "0 is out of bounds; give more than 0"),
        ({"share": 1}, "1 is out of bounds; give 0.5 or less"),
        ({"share": float("nan")}, "nan stands where a finite number belongs"),
        ({"kind": "json"}, "'json' is none of jsonl, parquet (did you mean jsonl?)"),
        ({"kind": None}, "null is none of jsonl, parquet"),
        ({"name": "A b"}, "'A b' does not have the form of this key (small letters)"),
        ({"name": "odd"}, "odd is not even"),
        ({"name": 7}, "7 stands where a text belongs; put it in quotes"),
        ({"paths": []}, "this is empty; give 1 or more"),
        ({"when": ""}, "this is empty; give 1 or more"),
        ({"paths": "a"}, "'a' stands where a list belongs"),
        ({"table": ["a"]}, "a list stands where a table belongs"),
        ({"flag": "maybe"}, "'maybe' stands where true or false belongs"),
    ],
)
def test_a_complaint_says_what_is_there_and_what_belongs_there(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Row.model_validate(values)
    assert complaint(error.value.errors()[0], "small letters") == said


def test_a_long_value_is_cut() -> None:
    assert quoted("a" * 100) == repr("a" * 60 + "...")
    assert (quoted({}), quoted([]), quoted(True), quoted(None)) == ("a table", "a list", "true", "null")
