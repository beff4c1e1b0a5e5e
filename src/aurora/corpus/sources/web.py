"""Web pages, in files and in WARC archives.

One decision: what counts as an input is a page. In an archive that is a successful answer with HTML, or the text that
was taken out of one (WET); requests, failed answers, images and the like are no inputs and are passed over. A record
is read into memory up to the largest page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from aurora.corpus.document import Document, Quarantined, new_document
from aurora.corpus.sources.files import EXCERPT, find_files, identities, until_broken
from aurora.corpus.sources.formats.warc import Bad, Record, read_records
from aurora.corpus.sources.page import LARGEST_PAGE, Refused, extractor, read_page
from aurora.corpus.sources.rows import ADDRESS_KEY
from aurora.corpus.sources.streams import opened
from aurora.languages.labels import UNDETERMINED
from aurora.recipe.sources import HtmlSource, WarcSource

LONGEST_ADDRESS = 2000  # characters
PAGES = ("text/html", "application/xhtml+xml")
SUCCESS = range(200, 300)
# Of a record that is passed over this much is read, for the headers of its answer.
_HEADERS = 1 << 16


def web_identities(name: str, source: HtmlSource | WarcSource, base: Path) -> dict[str, str]:
    """What identifies each file, and the library that reads it: another version may find other text."""
    library = extractor(name)
    return {place: f"{identity} {library}" for place, identity in identities(name, source.paths, base).items()}


def read_html(name: str, source: HtmlSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a file."""
    extractor(name)
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_html(name, source, place, path))


def _read_html(name: str, source: HtmlSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with opened(path) as stream:
        data = stream.read(LARGEST_PAGE + 1)
    yield _page(name, source, place, data, {})


def read_warc(name: str, source: WarcSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document a page of the archives; its place is the file and the number of its record."""
    extractor(name)
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_warc(name, source, place, path))


def _read_warc(name: str, source: WarcSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with opened(path) as stream:
        for record in read_records(stream, LARGEST_PAGE + _HEADERS):
            where = place if record.number is None else f"{place}:{record.number}"
            if isinstance(record, Bad):
                yield Quarantined(name, where, record.reason, "", source.language or UNDETERMINED, record.unread)
            else:
                yield from _answer(name, source, where, record)


def _answer(name: str, source: WarcSource, where: str, record: Record) -> Iterator[Document | Quarantined]:
    """The page or the text that a record holds, if it holds one."""
    kind, data = record.headers.get("warc-type", "").lower(), record.content
    content_type = _kind(record.headers.get("content-type"))
    if kind == "resource" and content_type in PAGES:
        yield _page(name, source, where, data, _said(record))
    # What names no page was made of none: of records that some tool wrote, it is the address that tells.
    elif kind == "conversion" and content_type == "text/plain" and "warc-target-uri" in record.headers:
        yield _text(name, source, where, record)
    elif kind == "response" and content_type == "application/http":
        yield from _response(name, source, where, record)


def _text(name: str, source: WarcSource, where: str, record: Record) -> Document | Quarantined:
    """A text that was taken out of a page, as WET archives hold them."""
    if record.length > LARGEST_PAGE:
        return _quarantined(name, source, where, f"the text is larger than {LARGEST_PAGE} bytes", record.content)
    try:
        text = record.content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _quarantined(name, source, where, f"UnicodeDecodeError: {error}", record.content)
    said = _said(record)
    if language := record.headers.get("warc-identified-content-language"):
        said["language"] = language[:LONGEST_ADDRESS]
    return new_document(text, source.language or UNDETERMINED, name, source.license, where, said)


def _response(name: str, source: WarcSource, where: str, record: Record) -> Iterator[Document | Quarantined]:
    """The page of an answer, if it is one."""
    data = record.content
    try:
        answer = _parsed(data, "none")
    except OSError as error:
        yield _quarantined(name, source, where, f"the headers of the answer cannot be read: {error}", data)
        return
    headers = answer.http_headers
    if headers.status_code not in SUCCESS or _kind(headers.get("Content-Type")) not in PAGES:
        return
    try:
        body = _body(data, answer)
    except OSError as error:
        yield _quarantined(name, source, where, f"the content cannot be decoded: {error}", data)
        return
    language = headers.get("Content-Language")
    yield _page(name, source, where, body, _said(record), answer.http_charset, language)


def _parsed(data: bytes, decoding: Literal["none", "all"]) -> Any:
    """The content of a record as an answer, its transfer and content encodings taken off where `decoding` says so."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    answer = WarcRecord()
    answer.record_type = WarcRecordType.response
    answer.is_http = True
    answer.set_bytes_content(data)
    answer.parse_http(auto_decode=decoding, quirks_mode=True)
    return answer


def _body(data: bytes, answer: Any) -> bytes:
    """The page of an answer, to one byte more than a page may have; raises OSError where it cannot be decoded."""
    try:
        body: bytes = _parsed(data, "all").reader.read(LARGEST_PAGE + 1)
    except OSError:
        # Many crawlers store what they decoded beneath the headers of what they were sent.
        body = answer.reader.read(LARGEST_PAGE + 1)
        if not body.lstrip().startswith(b"<"):
            raise
    return body


def _page(
    name: str,
    source: HtmlSource | WarcSource,
    where: str,
    data: bytes,
    said: dict[str, object],
    charset: str | None = None,
    language: str | None = None,
) -> Document | Quarantined:
    """A page as a document; `said` is what its record says of it."""
    try:
        page = read_page(data, charset, language, str(said.get(ADDRESS_KEY, "")))
    except Refused as error:
        return _quarantined(name, source, where, str(error), data)
    return new_document(page.text, source.language or UNDETERMINED, name, source.license, where, page.facts | said)


def _quarantined(name: str, source: HtmlSource | WarcSource, where: str, reason: str, data: bytes) -> Quarantined:
    excerpt = data[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]
    return Quarantined(name, where, reason, excerpt, source.language or UNDETERMINED)


def _said(record: Record) -> dict[str, object]:
    """What a record says of its page."""
    said = {
        ADDRESS_KEY: record.headers.get("warc-target-uri", "").strip("<>"),  # some writers add brackets
        "date": record.headers.get("warc-date", ""),
        "truncated": record.headers.get("warc-truncated", ""),
    }
    return {key: value[:LONGEST_ADDRESS] for key, value in said.items() if value}


def _kind(content_type: str | None) -> str:
    """The media type of a header, without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()
