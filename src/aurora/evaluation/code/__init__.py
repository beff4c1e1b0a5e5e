"""Benchmarks of code: a problem and a completion make a program, whose outcome says whether it is right.

row of a benchmark -> problem; problem + completion -> program -> sandbox -> judged -> pass@k
"""

from aurora.evaluation.code.judging import Judged as Judged
from aurora.evaluation.code.judging import judge as judge
from aurora.evaluation.code.passing import pass_at_k as pass_at_k
from aurora.evaluation.code.problems import Problem as Problem
from aurora.evaluation.code.problems import problem_of as problem_of
from aurora.evaluation.sandbox.batch import ready as ready
