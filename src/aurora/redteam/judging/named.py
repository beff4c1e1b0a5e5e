"""The judge that somebody means: the rules, or one in a file.

One decision: `rules` is the default everywhere, and any other name is a file; what kind of judge it holds is told by
its content, so that a recipe, a command and Python name judges alike.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.hashes import digest_of
from aurora.languages import lookup
from aurora.languages.language_file import read
from aurora.redteam.judge import RULES, VERSION, AnyJudge, Judge
from aurora.redteam.judging.asked import AskedJudge
from aurora.redteam.judging.calibration import Calibration, read_calibration
from aurora.redteam.judging.learned import LearnedJudge, is_judge, read_judge_file
from aurora.redteam.judging.worth import Worth

ENDINGS = (".yaml", ".yml")  # of endpoints
MEASURED = Path(__file__).with_name("rules.json")


def judge_named(name: str, base: Path = Path()) -> AnyJudge:
    """The judge of a name; a file is relative to `base`. `UserError` where there is none."""
    if name == RULES:
        return Judge()
    path = base / name
    if not path.is_file():
        raise UserError(f"{path} does not exist: name a judge's file (aurora redteam judge --train), or {RULES}.")
    with open(path, "rb") as stream:
        beginning = stream.read(512)
    if is_judge(beginning):
        return read_judge_file(path)
    if path.suffix in ENDINGS:
        from aurora.redteam.judging.behind import judge_behind

        return judge_behind(path)
    raise UserError(
        f"{path} is no judge: name a file that `aurora redteam judge --train` wrote, an endpoint's (docs/endpoint.md), "
        f"or {RULES}."
    )


def calibration_of(judge: AnyJudge) -> Calibration | None:
    """What a judge is known to be worth; None where nobody measured it."""
    if isinstance(judge, LearnedJudge | AskedJudge):
        return judge.calibration
    return calibration_of_rules() if isinstance(judge, Judge) else None


def sha256_of(judge: AnyJudge, name: str) -> str:
    """A hash of what the verdicts of a judge of this name follow from."""
    if isinstance(judge, AskedJudge):
        return judge.sha256
    return digest_of(Path(name)) if isinstance(judge, LearnedJudge) else rules_sha256()


def worth_of(judge: AnyJudge) -> Worth:
    """The same in the words and figures that stand beside its verdicts."""
    found = calibration_of(judge)
    return found.worth() if found else Worth(judge.name)


@cache
def calibration_of_rules() -> Calibration:
    """What the rules are worth, as `benchmarks/judges.py` measured them."""
    return read_calibration(MEASURED)


def rules_sha256() -> str:
    """A hash of what the rules' verdicts on any language of ours follow from, but for their code, which has a
    version."""
    tables = {}
    for path in sorted(lookup.FOLDER.glob("*.yaml")):
        words = read(path).language.refusals
        tables[path.stem] = words.model_dump() if words else None
    return hashlib.sha256(canonical_json({"version": VERSION, "refusals": tables})).hexdigest()
