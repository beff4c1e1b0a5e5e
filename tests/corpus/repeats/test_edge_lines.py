from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.repeats.edge_lines import EDGE, edge_lines


def documents(texts: list[str], urls: list[str], metas: list[str] | None = None) -> pa.RecordBatch:
    columns = {
        "text": pa.array(texts, pa.large_string()),
        "lang": pa.array(["en"] * len(texts), pa.string()),
        "source": pa.array(["web"] * len(texts), pa.string()),
        "url": pa.array(urls, pa.string()),
        "meta": pa.array(metas or ["{}"] * len(texts), pa.string()),
    }
    return pa.RecordBatch.from_pydict(columns)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["", " ", "ab", "---", "one line", "two lines", "あいう", "x" * 201, "\t"]), max_size=70)
)
def test_edge_lines_are_the_first_and_last_that_are_not_blank(lines: list[str]) -> None:
    text = "\n".join(lines)
    raw = text.encode()
    found = edge_lines(documents([text], ["a"]), 7).to_pylist()
    wanted = [line for line in lines if line.strip()]
    edges = wanted if len(wanted) <= 2 * EDGE else wanted[:EDGE] + wanted[-EDGE:]
    edges = [line for line in edges if 3 <= len(line.encode()) <= 200 and line != "---"]
    assert [raw[row["start"] : row["end"]].decode().strip("\n") for row in found] == edges
    assert all(raw[row["start"] - 1 : row["start"]] in (b"", b"\n") for row in found)
    assert [row["first"] for row in found] == [line not in edges[:place] for place, line in enumerate(edges)]
    assert len({row["key"] for row in found}) == len(set(edges))
    assert {row["row"] for row in found} <= {7}


def test_sites_are_hosts_or_sources() -> None:
    urls = ["https://www.a.org/x", "http://A.org:80/y", "f.jsonl:3", "f.jsonl:4", "https://u@b.org", "web"]
    metas = ["{}", "{}", '{"url": "https://a.org/z"}', "{}", '{"url": "https://a.org/z"}', "{}"]
    sites = edge_lines(documents(["line"] * 6, urls, metas), 0)["site"].to_pylist()
    assert sites[0] == sites[1] == sites[2]
    assert sites[3] == sites[5]
    assert len(set(sites)) == 3


def test_lines_without_a_letter_and_fences_are_no_boilerplate() -> None:
    found = edge_lines(documents(["---\n```python\n123\n]} />\na--\n次へ\n``"], ["a"]), 0)
    assert found["start"].to_pylist() == [24, 28]


def test_code_has_no_edge_lines() -> None:
    rows = documents(["import os\nrun()", "import os\nrun()"], ["a", "b"])
    rows = rows.set_column(1, "lang", pa.array(["code", "en"]))
    assert edge_lines(rows, 0)["row"].to_pylist() == [1, 1]
