"""The review in a real browser: by keyboard alone, while characters are composed, while the server is slow or gone."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aurora.redteam.review.exporting.dataset import dataset_of
from aurora.redteam.review.log.contents import DEFAULT_LABELS, Label, Settings
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.replay import replay
from aurora.redteam.review.log.state import State
from aurora.redteam.review.server import starting
from aurora.redteam.review.server.starting import Beginning
from aurora.reporting.page.browser import Page, browser
from redteam.review.server.people import PASSWORD, POLICY, QUICK, item, join
from redteam.review.server.serving import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BESIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE = "<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>"
CONTROL, SHIFT = 2, 8
CODES = {"Enter": 13, "Escape": 27, " ": 32, "z": 90, "y": 89}


class Tab:
    """Somebody at the review, who uses the keyboard alone."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server

    def sign_in(self, login: str) -> None:
        self.page.call("Network.clearBrowserCookies")
        self.open("/login")
        self.wait("document.activeElement.name == 'login'")
        self.type(login)
        self.press("Tab")
        self.wait("document.activeElement.name == 'password'")
        self.type(PASSWORD)
        self.press("Enter")
        self.wait("document.querySelector('.who')")

    def open(self, address: str) -> None:
        self.page.open(self.server.address + address)
        if address in ("/review", "/settle"):
            self.wait("!document.getElementById('work').hidden || !document.getElementById('nothing').hidden")

    def leave(self) -> None:
        """Close the window, whatever it says, and open another."""
        self.page._session, old = None, self.page.call("Target.getTargets")["targetInfos"]
        self.page.attach()
        for target in old:
            if target["type"] == "page":
                self.page.call("Target.closeTarget", targetId=target["targetId"])

    def type(self, text: str) -> None:
        self.page.call("Input.insertText", text=text)

    def press(self, key: str, modifiers: int = 0) -> None:
        """A key, down and up."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "") if not modifiers else ""
        code = CODES.get(key, ord(key.upper()) if len(key) == 1 else 9 if key == "Tab" else 0)
        values = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        self.page.call("Input.dispatchKeyEvent", type="keyDown", text=text, **values)
        self.page.call("Input.dispatchKeyEvent", type="keyUp", **values)

    def wait(self, expression: str, seconds: float = 20) -> Any:
        """The value of an expression as soon as it is true."""
        deadline = time.monotonic() + seconds
        safe = f"try {{ const it = {expression}; return it instanceof Node || it }} catch {{ return null }}"
        found = f"(() => {{ {safe} }})()"
        while not (value := self.page.evaluate(found)):
            said = self.page.evaluate("document.body?.innerText")
            assert time.monotonic() < deadline, f"{expression}\n{said}"
            time.sleep(0.02)
        return value

    def text(self, id: str) -> str:
        return str(self.page.evaluate(f"document.getElementById('{id}').innerText"))

    @property
    def item(self) -> str | None:
        """The item in hand."""
        here = "document.getElementById('work').hidden ? null : document.getElementById('item').dataset.item"
        shown: str | None = self.page.evaluate(here)
        return shown

    def label(self, key: str) -> None:
        """Show the texts, give a label by its key, and wait for the next item."""
        before = self.item
        self.press(" ")
        self.press(key)
        self.wait(
            f"document.getElementById('work').hidden || document.getElementById('item').dataset.item != '{before}'"
        )


Serve = Callable[..., Tab]


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    with browser(chromium, loopback=True) as opened:
        opened.show(1280, 1000)
        yield opened
        # A killed server cuts connections in many ways, and a conflict is answered with 409: the page has to bear both.
        borne = ("net::ERR_", "status of 4")
        assert [one for one in opened.problems if not any(words in one for words in borne)] == []


@pytest.fixture
def serve(tmp_path: Path, page: Page) -> Iterator[Serve]:
    """Starts a review with items and people; what was started is stopped."""
    started: list[Server] = []

    def serve_(count: int, labels: tuple[Label, ...] = (), **beginning: Any) -> Tab:
        values = {"policies": (POLICY,), "reviews": 2, "most": 2} | beginning
        project = starting.open_project(tmp_path / "review", Beginning(**values), hasher=QUICK)
        admin = starting.admin_of(project.store)
        with project.store.writing() as writer:
            if labels:
                settings = project.store.state.settings
                assert settings is not None
                writer.add(
                    "settings", admin, Settings(**settings.model_dump() | {"labels": [*DEFAULT_LABELS, *labels]})
                )
            for number in range(count):
                hostile = {"prompt": HOSTILE, "response": HOSTILE} if number == 0 else {}
                language = ("en", "fi", "ja", "hi", "vi")[number % 5]
                writer.add("import", admin, item(number, language=language, **hostile), f"item-{number:02}")
        for login, role in (("ada", "reviewer"), ("bob", "reviewer"), ("judge", "adjudicator")):
            join(project, login, role)
        project.close()
        started.append(Server(tmp_path / "review"))
        return Tab(page, started[-1])

    yield serve_
    for server in started:
        server.stop()


@contextmanager
def log_of(tab: Tab, tmp_path: Path) -> Iterator[tuple[State, list[Event]]]:
    """What the log came to, after the server was stopped; it is started again afterwards."""
    tab.server.stop()
    project = starting.open_project(tmp_path / "review", Beginning(), hasher=QUICK)
    events = [Event.read(line) for line in project.store.lines()]
    project.close()
    yield replay(events), events
    tab.server.start()


def test_fifty_items_by_keyboard_from_the_first_label_to_the_export(serve: Serve, tmp_path: Path) -> None:
    tab = serve(50)
    tab.sign_in("ada")
    tab.open("/review")
    for _ in range(50):
        tab.label("1")
    assert "wait for others" in tab.text("why")
    assert tab.page.evaluate("window.hacked === undefined")
    tab.press("z", CONTROL)
    tab.wait("!document.getElementById('work').hidden")
    assert tab.item == "item-49"
    tab.label("2")
    tab.press("z", CONTROL)
    tab.wait("!document.getElementById('work').hidden && !document.getElementById('redo').disabled")
    tab.press("y", CONTROL)
    tab.wait("document.getElementById('work').hidden")
    tab.sign_in("bob")
    tab.open("/review")
    for number in range(50):
        assert tab.item == f"item-{number:02}"
        tab.label("2" if number % 5 == 4 else "3" if number == 7 else "1")
    tab.sign_in("judge")
    tab.open("/settle")
    settled = []
    while (shown := tab.item) is not None:
        assert "Reviewer A" in tab.text("drafts")
        assert "ada" not in tab.text("item")
        tab.label("3" if len(settled) == 0 else "1")
        settled.append(shown)
    assert settled == [f"item-{number:02}" for number in (4, 7, 9, 14, 19, 24, 29, 34, 39, 44)]
    tab.press("z", CONTROL)
    tab.wait("!document.getElementById('work').hidden")
    assert tab.item == "item-44"
    tab.label("1")
    tab.open("/progress")
    assert "Alpha: " in tab.page.evaluate("document.body.innerText")
    assert "50 of 50 items are decided: 49 accepted, 1 rejected" in tab.page.evaluate("document.body.innerText")
    with log_of(tab, tmp_path) as (state, _):
        accepted = {item.id for item in state.items.values() if item.status == "accepted"}
        assert accepted == set(state.items) - {"item-04"}
        assert {row.id for row in dataset_of(state).rows} == accepted
        assert state.items["item-49"].decision is not None
        assert state.items["item-49"].decision.label == "answer"


def test_every_key_of_every_screen_stores_what_its_button_shows(serve: Serve, tmp_path: Path) -> None:
    odd = (Label(id="x-odd", title="<b>Odd</b> & so on", key="z"), Label(id="x-none", title="Without a key of its own"))
    tab = serve(5, odd, most=2)
    titles = {label.id: label.title for label in (*DEFAULT_LABELS, *odd)}
    buttons = "[...document.querySelectorAll('#labels button')].map(one => [one.dataset.key, one.innerText])"
    pressed: dict[tuple[str, str], str] = {}
    for login, screen, turn in (("ada", "review", 0), ("bob", "review", 1), ("judge", "settle", 2)):
        tab.sign_in(login)
        tab.open(f"/{screen}")
        shown = tab.page.evaluate(buttons)
        assert len(shown) == len(titles)
        for number in range(5):  # each its own label, so everything is to be settled
            key, text = shown[(number + turn) % 5]
            assert text.split()[0] == key
            place = tab.item
            assert place is not None
            pressed[login, place] = text.removeprefix(key).strip()
            tab.label(key)
    with log_of(tab, tmp_path) as (_, events):
        said = [event for event in events if event.kind in ("review", "adjudication")]
        assert len(said) == 15
        for place, event in enumerate(said):
            login = ("ada", "bob", "judge")[place // 5]
            assert event.item is not None
            assert titles[event.after["label"]] == pressed[login, event.item]
        assert Counter(event.after["label"] for event in said) == dict.fromkeys(titles, 3)


def compose(tab: Tab, steps: list[str], final: str) -> None:
    """Compose a text as an input method does; every key on the way belongs to it."""
    for step in steps:
        tab.page.call("Input.imeSetComposition", text=step, selectionStart=len(step), selectionEnd=len(step))
        for key in ("1", "Enter", "Escape", " ", ".", ","):
            for kind in ("rawKeyDown", "keyUp"):
                tab.page.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=229)
    tab.type(final)


@pytest.mark.parametrize(
    ("steps", "final"),
    [
        (["に", "にほ", "日本", "日本語"], "日本語です。"),
        (["न", "नम", "नमस्", "नमस्ते"], "नमस्ते दुनिया"),
        (["tie", "tiê", "tiến", "tiếng"], "tiếng Việt"),
    ],
    ids=["ja", "hi", "vi"],
)
def test_a_key_that_composes_never_submits(serve: Serve, tmp_path: Path, steps: list[str], final: str) -> None:
    tab = serve(2)
    tab.sign_in("ada")
    tab.open("/review")
    tab.press(" ")
    tab.press("Enter")
    assert tab.page.evaluate("document.activeElement.id") == "response"
    tab.page.evaluate("document.activeElement.select()")
    compose(tab, steps, final)
    assert tab.item == "item-00"
    assert tab.page.evaluate("document.activeElement.id") == "response"
    assert tab.page.evaluate("document.getElementById('response').value") == final
    tab.press("Enter")  # a line break, and no label
    tab.type("2")
    assert tab.page.evaluate("document.getElementById('response').value") == f"{final}\n2"
    tab.press("Escape")
    late = "document.dispatchEvent(new KeyboardEvent('keydown', {key: '1', keyCode: 229, bubbles: true}))"
    tab.page.evaluate(late)  # as Safari tells of the key that ended a composition
    time.sleep(0.3)
    assert tab.item == "item-00"
    tab.wait("document.querySelector('#changes ins')")  # the diff shows what was written
    tab.press("1")
    tab.wait("document.getElementById('item').dataset.item == 'item-01'")
    with log_of(tab, tmp_path) as (state, _):
        (given,) = state.items["item-00"].reviews.values()
        assert (given.review.label, given.review.response) == ("refuse", f"{final}\n2")


def test_a_label_waits_for_a_server_that_is_slow_killed_or_gone(serve: Serve, tmp_path: Path) -> None:
    tab = serve(4)
    tab.sign_in("ada")
    tab.open("/review")
    slow = {"offline": False, "latency": 2000, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.page.call("Network.enable")
    tab.press(" ")
    tab.page.call("Network.emulateNetworkConditions", **slow)
    tab.press("1")
    for key in ("2", "3", " ", "2"):  # within 20 ms, before the server has said anything
        tab.press(key)
    assert tab.item == "item-00"
    assert "Saving" in tab.text("saving")
    tab.wait("document.getElementById('item').dataset.item == 'item-01'")
    tab.page.call("Network.emulateNetworkConditions", **slow | {"latency": 0})
    tab.server.kill()
    tab.press(" ")
    tab.press("2")
    tab.wait("document.getElementById('saving').innerText.includes('Not saved yet')")
    assert tab.item == "item-01"
    tab.server.start()
    tab.wait("document.getElementById('item').dataset.item == 'item-02'", 40)
    tab.press(" ")
    tab.server.kill()
    tab.press("3")
    tab.wait("document.getElementById('saving').innerText.includes('Not saved yet')")
    assert "item-02" in tab.page.evaluate("JSON.stringify({...localStorage})")
    tab.leave()  # the window is closed with the label in it
    tab.server.start()
    tab.open("/review")
    tab.wait("document.getElementById('item').dataset.item == 'item-03'")
    assert "aurora-unsaved" not in tab.page.evaluate("JSON.stringify({...localStorage})")
    with log_of(tab, tmp_path) as (_, events):
        said = [(event.item, event.after["label"]) for event in events if event.kind == "review"]
        assert said == [("item-00", "refuse"), ("item-01", "answer"), ("item-02", "discard")]


def test_another_window_is_not_overwritten(serve: Serve, tmp_path: Path) -> None:
    tab = serve(2)
    tab.sign_in("ada")
    tab.open("/review")
    tab.press(" ")
    other = {"token": "another-window", "item": "item-00", "version": 0, "category": "cyber", "label": "answer"}
    body = json.dumps(other | {"response": "The other window's."})
    form = "JSON.parse(document.getElementById('project').textContent).form"
    headers = f"{{'X-Form': {form}, 'Content-Type': 'application/json'}}"
    options = f"{{method: 'POST', headers: {headers}, body: {json.dumps(body)}}}"
    sent = f"fetch('/api/review', {options}).then(answer => answer.status)"
    assert tab.page.evaluate(sent) == 200
    tab.press("1")
    tab.wait("document.getElementById('conflict').open")
    assert "The other window's." in tab.text("their-text")
    assert "to be answered" in tab.text("their-label")
    assert "to be refused" in tab.text("my-label")
    tab.press("1")  # no key but those of the question
    assert tab.page.evaluate("document.getElementById('conflict').open")
    tab.page.evaluate("document.getElementById('keep-mine').focus()")
    tab.press("Enter")
    tab.wait("document.getElementById('item').dataset.item == 'item-01'")
    with log_of(tab, tmp_path) as (state, _):
        (given,) = state.items["item-00"].reviews.values()
        assert given.review.label == "refuse"


def test_pages_fit_their_windows_and_say_what_they_are(serve: Serve) -> None:
    tab = serve(3)
    for width, dark in ((1280, False), (390, True)):
        tab.page.show(width, 900, dark)
        tab.sign_in("judge")
        for address in ("/review", "/settle", "/items", "/items/item-00", "/rooms", "/progress"):
            tab.open(address)
            assert tab.page.evaluate(BESIDE) <= 0, address
            assert tab.page.evaluate("document.querySelectorAll('h1').length") == 1
            unnamed = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')].filter(
                one => !one.labels.length && !one.getAttribute('aria-label')).map(one => one.outerHTML)"""
            assert tab.page.evaluate(unnamed) == []
    tab.open("/review")
    assert tab.page.evaluate("document.activeElement.id") == "item"
    assert tab.page.evaluate("document.getElementById('texts').inert")
    order = []
    for _ in range(9):
        tab.press("Tab")
        order.append(tab.page.evaluate("document.activeElement.id || document.activeElement.dataset.label"))
    assert order[:5] == ["cover", "category", "refuse", "answer", "discard"]  # nothing under the cover
