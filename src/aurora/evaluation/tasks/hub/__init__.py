"""Items of datasets on the hub, as items of the flat schema: a function for each dataset's own form.

One decision: each is a `process_docs` of lm-eval, so a task's file says all that there is to know of its data, and
lm-eval's own command reads the same items. What has no right answer in its row is left out here, and only that.
"""

from aurora.evaluation.tasks.hub.answers import gsm8k as gsm8k
from aurora.evaluation.tasks.hub.answers import mgsm as mgsm
from aurora.evaluation.tasks.hub.answers import mkqa_en as mkqa_en
from aurora.evaluation.tasks.hub.answers import mkqa_fi as mkqa_fi
from aurora.evaluation.tasks.hub.answers import mkqa_ja as mkqa_ja
from aurora.evaluation.tasks.hub.answers import nq_open as nq_open
from aurora.evaluation.tasks.hub.answers import squad_en as squad_en
from aurora.evaluation.tasks.hub.answers import squad_hi as squad_hi
from aurora.evaluation.tasks.hub.answers import squad_ja as squad_ja
from aurora.evaluation.tasks.hub.answers import squad_vi as squad_vi
from aurora.evaluation.tasks.hub.answers import triviaqa as triviaqa
from aurora.evaluation.tasks.hub.choices import finbench as finbench
from aurora.evaluation.tasks.hub.choices import hellaswag as hellaswag
from aurora.evaluation.tasks.hub.choices import jcola as jcola
from aurora.evaluation.tasks.hub.choices import jcommonsenseqa as jcommonsenseqa
from aurora.evaluation.tasks.hub.choices import jnli as jnli
from aurora.evaluation.tasks.hub.choices import labelled_choices as labelled_choices
from aurora.evaluation.tasks.hub.choices import numbered_choices as numbered_choices
from aurora.evaluation.tasks.hub.choices import okapi_arc as okapi_arc
from aurora.evaluation.tasks.hub.choices import okapi_mmlu as okapi_mmlu
from aurora.evaluation.tasks.hub.choices import options as options
from aurora.evaluation.tasks.hub.choices import truthfulqa as truthfulqa
from aurora.evaluation.tasks.hub.choices import xwinograd as xwinograd
from aurora.evaluation.tasks.hub.programs import humaneval as humaneval
from aurora.evaluation.tasks.hub.programs import humanevalpack_cpp as humanevalpack_cpp
from aurora.evaluation.tasks.hub.programs import humanevalpack_go as humanevalpack_go
from aurora.evaluation.tasks.hub.programs import humanevalpack_java as humanevalpack_java
from aurora.evaluation.tasks.hub.programs import humanevalpack_js as humanevalpack_js
from aurora.evaluation.tasks.hub.programs import humanevalpack_python as humanevalpack_python
from aurora.evaluation.tasks.hub.programs import humanevalpack_rust as humanevalpack_rust
from aurora.evaluation.tasks.hub.programs import mbpp as mbpp
from aurora.evaluation.tasks.hub.programs import multiple_cpp as multiple_cpp
from aurora.evaluation.tasks.hub.programs import multiple_go as multiple_go
from aurora.evaluation.tasks.hub.programs import multiple_java as multiple_java
from aurora.evaluation.tasks.hub.programs import multiple_js as multiple_js
from aurora.evaluation.tasks.hub.programs import multiple_perl as multiple_perl
from aurora.evaluation.tasks.hub.programs import multiple_php as multiple_php
from aurora.evaluation.tasks.hub.programs import multiple_ruby as multiple_ruby
from aurora.evaluation.tasks.hub.programs import multiple_rust as multiple_rust
from aurora.evaluation.tasks.hub.programs import multiple_ts as multiple_ts
from aurora.evaluation.tasks.hub.texts import wmt20_en_ja as wmt20_en_ja
from aurora.evaluation.tasks.hub.texts import wmt20_ja_en as wmt20_ja_en
from aurora.evaluation.tasks.hub.texts import xlsum_ja as xlsum_ja
