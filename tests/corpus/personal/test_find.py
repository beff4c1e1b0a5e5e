"""Personal data: what is found in which language, what is not, and what is written instead."""

import json
from itertools import pairwise

import pyarrow as pa
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.find import find, mask_batch
from aurora.corpus.personal.patterns import patterns

# Numbers below are made up or published examples; the ones with check digits pass their check.
HELD = [
    ("email", "en", "Write to jane.doe+x@mail.example.org.", "jane.doe+x@mail.example.org"),
    ("email", "ja", "連絡はjane@example.orgまで", "jane@example.org"),
    ("email", "ja", "連絡はｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇまで", "ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ"),
    ("phone", "en", "reach (202) 555-0143 today", "(202) 555-0143"),
    ("phone", "en", "Call 2025550143.", "2025550143"),
    ("phone", "fi", "puh. 040 123 4567.", "040 123 4567"),
    ("phone", "fi", "numero on +358 40 1234567", "+358 40 1234567"),
    ("phone", "hi", "मुझे ९८७६५ ४३२१० पर", "९८७६५ ४३२१०"),
    ("phone", "ja", "電話090-1234-5678まで", "090-1234-5678"),
    ("phone", "ja", "電話は０３－１２３４－５６７８です", "０３－１２３４－５６７８"),
    ("phone", "vi", "gọi 0912 345 678 nhé", "0912 345 678"),
    ("ipv4", "ja", "サーバー91.43.82.137は", "91.43.82.137"),
    ("ipv4", "en", "Server 5.6.7.8 answered", "5.6.7.8"),
    ("ipv6", "en", "from 2001:4860:4860::8888.", "2001:4860:4860::8888"),
    ("iban", "en", "to GB82 WEST 1234 5698 7654 32.", "GB82 WEST 1234 5698 7654 32"),
    ("iban", "ja", "口座GB82WEST12345698765432へ", "GB82WEST12345698765432"),
    ("card", "en", "paid 4111 1111 1111 1111 by", "4111 1111 1111 1111"),
    ("card", "hi", "कार्ड ४१११११११११११११११ है", "४१११११११११११११११"),
    ("card", "code", "card = '4111111111111111'", "4111111111111111"),
    ("henkilotunnus", "fi", "tunnus 131052-308T.", "131052-308T"),
    ("henkilotunnus", "und", "131052A308T", "131052A308T"),
    ("aadhaar", "hi", "आधार 9999 4105 7058 है", "9999 4105 7058"),
    ("aadhaar", "hi", "९९९९ ४१०५ ७०५८", "९९९९ ४१०५ ७०५८"),
    ("pan", "hi", "पैन ABCPE1234F है", "ABCPE1234F"),
    ("my-number", "ja", "マイナンバーは123456789018です", "123456789018"),
    ("cccd", "vi", "số 001099012345 cấp", "001099012345"),
    ("personnummer", "sv", "Hon heter Eva, 811218-9876.", "811218-9876"),
    ("personnummer", "sv", "Kund 19811218-9876 ringde", "19811218-9876"),
    ("personnummer", "sv", "samordningsnummer 811278-9873", "811278-9873"),
    ("personnummer", "en", "personnummer 8112189876", "8112189876"),
    ("phone", "sv", "Ring 08-123 456 78 i dag", "08-123 456 78"),
    ("phone", "sv", "eller 070-123 45 67.", "070-123 45 67"),
    ("address", "sv", "på Norra Exempelgatan 12 B, 123 45 Exempelstad.", "Norra Exempelgatan 12 B, 123 45 Exempelstad"),
    ("ssn", "en", "has 219-09-9999 on", "219-09-9999"),
    ("address", "en", "at 41 Sample Harbor Suite 8, Burgh, MO 60012", "41 Sample Harbor Suite 8, Burgh, MO 60012"),
    ("address", "fi", "Osoite: Pitkä Esimerkin kuja 84, 68465 Kuvala", "Pitkä Esimerkin kuja 84, 68465 Kuvala"),
    ("address", "ja", "住所：東京都千代田区例町40丁目1番3号", "東京都千代田区例町40丁目1番3号"),
    ("address", "hi", "पता: 57/975 उदाहरण, नगर 194875", "57/975 उदाहरण, नगर 194875"),
    ("address", "vi", "ở Số 5 phố 77 Phường Ví Dụ tỉnh Đồng Nai 24000", "Số 5 phố 77 Phường Ví Dụ tỉnh Đồng Nai 24000"),
    ("secret", "code", 'k = "AKIA' + "Q7" * 8 + '"', "AKIA" + "Q7" * 8),
    ("secret", "code", "url = 'https://bob:h4nter9z@host.example'", "h4nter9z"),
    ("secret", "code", 'api_key: "zX81kQp0Lm37vTy92bNc"', "zX81kQp0Lm37vTy92bNc"),
]  # fmt: skip

ABSENT = [
    ("en", "See section 6.8.9.2 and version 10.200.3.4."),
    ("en", "127.0.0.1 and 192.168.1.20 are yours"),
    ("en", "paid 4111 1111 1111 1112 by"),
    ("en", "the year 2013, 1 073 741 824 bytes and 3.14159265"),
    ("fi", "30.10.2013 ja 1 073 741 824 tavua"),
    ("fi", "tunnus 131052-308U."),
    ("sv", "811218-9877, 813218-9876 och organisationsnummer 556036-0793"),
    ("sv", "kostar 1 234 567 kr, fakturanummer 12345678, åren 1998-2005"),
    ("code", "x = 4111111111111111"),
    ("code", "@app.route('/a@2x.png')  # git@github.com:a/b"),
    ("code", "token = get_token_from_environment_2"),
    ("code", "sha = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"),
    ("code", "proxy = 'http://bob:pass%20word@host.example'"),
    ("ja", "label 2002::/16 のような"),
    ("code", "a::b::c 12:34:56 00:1a:2b:3c:4d:5e"),
]


@pytest.mark.parametrize(("kind", "lang", "text", "value"), HELD)
def test_each_type_is_found_whole(kind, lang, text, value):
    assert [(found.type, text[found.start : found.end]) for found in find(text, lang)] == [(kind, value)]


@pytest.mark.parametrize(("lang", "text"), ABSENT)
def test_what_only_looks_alike_is_left(lang, text):
    assert find(text, lang) == []


def test_every_type_is_tried():
    assert {kind for kind, *_ in HELD} == set(types())


@pytest.mark.parametrize("lines", [12, 200])
def test_a_private_key_goes_whole(lines):
    body = ("MIIEow" + "x9Kd" * 14 + "\n") * lines
    armour = f"-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----"
    masked, _ = mask_batch(pa.array([f"a\n{armour}\nb"], pa.large_string()), ["code"])
    assert masked.to_pylist() == ["a\n<KEY>\nb"]


WORDS = "secret TOKEN password passwd api_key accessKey auth-key credential Credentials secret_id token_value monkey"
NAMES = st.sampled_from(WORDS.split())
ASSIGNMENTS = st.tuples(
    st.sampled_from(["", '"', "'"]),
    st.sampled_from(["=", ":", "=>", ":=", " = ", " :  "]),
    st.sampled_from(["", " ", "    "]),
)
VALUES = st.text("ab9/+=-._QZ7", min_size=14, max_size=40)
STARTS = "AKIA ghp_ github_pat_ glpat- xoxb- sk_live_ sk-ant- AIza ya29. hf_ npm_ pypi- dop_v1_ shpat_ key- x - a="
PREFIXES = st.sampled_from(STARTS.split())


@given(NAMES, ASSIGNMENTS, PREFIXES, VALUES, st.sampled_from(["", "'", '"']))
@settings(max_examples=400)
def test_the_pass_hides_no_secret_from_the_patterns(name, assignment, prefix, value, quote):
    text = f"{name}{''.join(assignment)}{quote}{prefix}{value}{quote}\n"
    known, named = (
        [
            match
            for pattern in patterns("code", kind)
            for match in pattern.expression.finditer(text)
            if pattern.accepts(text, *match.span(pattern.value))
        ]
        for kind in ("tokens", "assigned")
    )
    tokens = regex.findall(r"[A-Za-z0-9_+/-]+", text)
    told = any(
        len(token) >= 16 and regex.search(r"[0-9]", token) and regex.search(r"[A-Za-z_]", token) for token in tokens
    )
    assert any(found.type == "secret" for found in find(text, "code")) == bool(known or (named and told))


def test_texts_are_masked_and_counted_by_type():
    texts = pa.array(["nothing", "a@b.example or c@d.example", "サーバー91.43.82.137は", ""], pa.large_string())
    masked, counts = mask_batch(texts, ["en", "en", "ja", "en"])
    assert masked.to_pylist() == ["nothing", "<EMAIL> or <EMAIL>", "サーバー<IP_ADDRESS>は", ""]
    assert counts.schema.names == list(types())
    assert counts.column("email").to_pylist() == [0, 2, 0, 0]
    assert counts.column("ipv4").to_pylist() == [0, 0, 1, 0]
    assert {str(kind) for kind in counts.schema.types} == {"int32"}


def test_fakes_are_the_same_in_every_document():
    texts = pa.array(["ask a@b.example", "or A@B.example again"], pa.large_string())
    masked, _ = mask_batch(texts, ["en", "en"], "fakes")
    first, second = masked.to_pylist()
    assert first.removeprefix("ask ") in second
    assert "b.example" not in first


def test_a_slice_is_masked_like_its_rows():
    texts = pa.array(["x@y.example", "z@y.example", "plain"], pa.large_string())
    assert mask_batch(texts[1:], ["en", "en"])[0].to_pylist() == ["<EMAIL>", "plain"]


def test_clean_texts_keep_their_buffers():
    texts = pa.array(["plain", "words"], pa.large_string())
    assert mask_batch(texts, ["en", "en"])[0] is texts


@pytest.mark.parametrize("how", ["placeholders", "fakes"])
@settings(deadline=None)  # the first case compiles the kernel
@given(data=st.data())
def test_masking_touches_only_what_was_found(how, data):
    pieces = data.draw(
        st.lists(st.sampled_from([row[3] for row in HELD[:24]] + ["नमस्ते", "、", " ", "a", "\n", "\ud800"]), max_size=8)
    )
    text = "".join(pieces)
    lang = data.draw(st.sampled_from(["en", "fi", "hi", "ja", "vi", "code", "und"]))
    raw = text.encode("utf-8", "surrogatepass")
    found = find(text, lang)
    assert all(a.end <= b.start for a, b in pairwise(found))
    offsets = pa.py_buffer(b"".join(n.to_bytes(8, "little") for n in (0, len(raw))))
    masked, counts = mask_batch(pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(raw)), [lang], how)
    rest = masked.buffers()[2].to_pybytes() if masked.buffers()[2] else b""
    kept = text
    for piece in reversed(found):
        kept = kept[: piece.start] + "\0" + kept[piece.end :]
    for part in kept.split("\0"):
        assert part.encode("utf-8", "surrogatepass") in rest
    assert sum(sum(column.to_pylist()) for column in counts) == len(found)


@pytest.mark.shared
def test_labelled_documents_are_found_in_every_language(shared_data):
    reader = pa.input_stream(shared_data / "corpora" / "noisy.jsonl.zst", compression="zstd")
    rows = [json.loads(line) for line in reader.read().splitlines() if b'"pii_synthetic"' in line]
    assert len(rows) == 1000
    total, held = {}, {}
    for row in rows:
        found = find(row["text"], row["lang"])
        for start, end, label in row["pii"]:
            kind = "henkilotunnus" if label == "ssn" else label
            if kind == "name":
                continue
            cell = (row["lang"], kind)
            total[cell] = total.get(cell, 0) + 1
            held[cell] = held.get(cell, 0) + any(
                piece.type == kind and piece.start <= start and end <= piece.end for piece in found
            )
    assert {cell: held[cell] / total[cell] for cell in total if held[cell] < 0.95 * total[cell]} == {}
