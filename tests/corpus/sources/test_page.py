"""The text of web pages, and the limits of what is parsed."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.sources import page as module
from aurora.corpus.sources.page import DEEPEST, LARGEST_PAGE, LONGEST_FACT, Refused, decode, extractor, read_page
from aurora.errors import UserError

JAPANESE = "これは日本語のページです。今日は天気がいいので、公園まで歩いて行きました。①番の道は静かでした。"
HINDI = "यह हिन्दी का एक पृष्ठ है। आज मौसम अच्छा है, इसलिए हम बगीचे तक पैदल गए।"
FINNISH = "Tämä on suomenkielinen sivu. Tänään on kaunis ilma, joten kävelimme puistoon – se oli hyvä päätös."
MENU = "<nav><ul><li><a href=/>Home</a><li><a href=/news>News</a></ul></nav>"


def html(text: str, head: str = "", root: str = "") -> str:
    return (
        f"<!doctype html><html {root}><head>{head}</head><body>{MENU}<main><h1>Heading</h1><p>{text}</p></main>"
        "<footer>Imprint</footer></body></html>"
    )


@pytest.mark.parametrize("text", [JAPANESE, HINDI, FINNISH])
def test_the_main_content_is_kept_and_the_menu_is_not(text: str) -> None:
    assert read_page(html(text).encode()).text == f"Heading\n\n{text}"


def test_all_text_is_taken_where_no_main_content_is_found() -> None:
    assert read_page(f"<body>{MENU}</body>".encode()).text.split() == ["•", "Home", "•", "News"]


def test_what_a_page_says_of_itself() -> None:
    head = "<title>\n A  title </title><link rel='license nofollow' href=/terms>"
    assert read_page(html("x", head, "lang='fi-FI'").encode(), language="en", address="https://a.example/b/").facts == {
        "title": "A title",
        "language": "fi-FI",
        "license_link": "https://a.example/terms",
    }
    assert read_page(b"<p>x", language="en").facts == {"language": "en"}
    assert read_page(b"<p>x").facts == {}
    long = read_page(f"<title>{'a' * 9999}</title><a rel=license href='http://[broken'>x</a>".encode())
    assert long.facts == {"title": "a" * LONGEST_FACT, "license_link": "http://[broken"}


@pytest.mark.parametrize(
    ("text", "codec", "said", "within"),
    [
        (JAPANESE, "cp932", "Shift_JIS", None),
        (JAPANESE, "cp932", None, "shift_jis"),
        (JAPANESE, "cp932", None, None),
        (JAPANESE, "cp932", "utf-8", None),  # the server is wrong
        (JAPANESE, "cp932", "no-such-set", "utf-8"),
        (JAPANESE.replace("①", ""), "euc_jp", None, "EUC-JP"),
        (FINNISH, "cp1252", "ISO-8859-1", None),
        (FINNISH, "cp1252", None, "windows-1252"),
        (FINNISH, "cp1252", None, None),
        (FINNISH, "utf-8-sig", "windows-1252", None),  # the mark decides
        (HINDI, "utf-8", None, None),
        (HINDI, "utf-8", None, "utf-16"),  # what can be read in ASCII is no UTF-16
        (HINDI, "utf-16", None, None),
        (HINDI, "utf-16-le", "utf-16", None),
    ],
)
def test_encodings(text: str, codec: str, said: str | None, within: str | None) -> None:
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={within}">' if within else ""
    assert read_page(html(text, head).encode(codec), said).text.endswith(text)


@pytest.mark.parametrize("text", [HINDI, FINNISH, JAPANESE])
@pytest.mark.parametrize("said", [None, "utf-8"])
def test_one_wrong_byte_costs_one_character(text: str, said: str | None) -> None:
    assert decode(text[:10].encode() + b"\xff" + text[10:].encode(), said) == f"{text[:10]}\ufffd{text[10:]}"


@pytest.mark.parametrize(
    ("hostile", "reason"),
    [
        ("<div>" * 100_000, "deep"),
        ("<div>" * 900_000 + "x", "deep"),
        ("<table><tr><td>" * 20_000 + "x", "deep"),
        ("".join(f"<p><b id={number}>x" for number in range(20_000)), "formatting"),
        ("</b>" * 20_000 + "".join(f"<p><B id={number}>x" for number in range(20_000)), "formatting"),
        *(
            ("".join(f"<p><b id={number}>{hidden}x" for number in range(20_000)), "formatting")
            for hidden in (
                "<table><td></b></table>",
                "<object></b></object>",
                "<!--</b>-->",
                "<textarea></b></textarea>",
                "<br title='></i></b>'>",
                '<br title=" </b>">',
                "<? </b>",
            )
        ),
        ("<p " + "".join(f"a{number}=1 " for number in range(300_000)) + ">x", "attributes"),
        ("<p " + "".join(f"a{number}='<>'" for number in range(100_000)) + ">x", "attributes"),
        ("<p " + "".join(f'a{number} = "<>"\n' for number in range(100_000)) + ">x", "attributes"),
        ("<p " + "".join(f"a{number}/" for number in range(300_000)) + ">x", "attributes"),
        ("x" * (LARGEST_PAGE + 1), "larger"),
        ("", "no text"),
        ("<!-- <p>nothing", "no text"),
        ("<script>x()</script><style>p {}</style>", "no text"),
        ("\0" * 1000, "no text"),
    ],
)
def test_hostile_pages_are_refused_at_once(hostile: str, reason: str) -> None:
    start = time.process_time()
    with pytest.raises(Refused, match=reason):
        read_page(hostile.encode())
    assert time.process_time() - start < 5


def test_what_is_near_a_limit_is_read() -> None:
    # html and body are two of the elements.
    assert read_page(("<div>" * (DEEPEST - 2) + "deep").encode()).text == "deep"
    with pytest.raises(Refused, match="deep"):
        read_page(("<div>" * (DEEPEST - 1) + "deep").encode())
    links = "".join(f"<p><a href={number}>x</a> and <b>y</b></p>" for number in range(5000))
    assert read_page(links.encode()).text.count("x and y") == 5000
    unclosed = "".join(f"<a href={number}>x<br>" for number in range(5000))
    assert read_page(unclosed.encode()).text.count("x") == 5000
    table = "<table>" + "<tr><td><b>x</b><td><a href=y>x</a>" * 5000 + "</table>"
    assert read_page(table.encode()).text.count("x") == 10_000
    assert read_page(b"no markup \x00at all").text == "no markup at all"


def test_a_parser_that_fails_or_panics_costs_its_page_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicError(BaseException):
        pass

    for error, expected in ((PanicError("broken"), Refused), (KeyboardInterrupt(), KeyboardInterrupt)):

        def raising(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(module, "_facts", raising)
        with pytest.raises(expected):
            read_page(b"<p>x")


@given(st.binary(max_size=300) | st.text(alphabet="<>/abdiptrl =&#x;\0é'\"-!", max_size=300).map(str.encode))
@settings(deadline=None)
def test_anything_is_read_or_refused(data: bytes) -> None:
    try:
        found = read_page(data)
    except Refused:
        return
    assert found.text.strip()
    found.text.encode()


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resiliparse", None)
    with pytest.raises(
        UserError, match=r"corpus\.sources\.web reads web pages: run `pip install fastwarc resiliparse` first"
    ):
        extractor("web")
