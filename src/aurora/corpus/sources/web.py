"""Web pages, in files and in WARC archives.

One decision: an input is a page. In an archive that is a successful response with HTML, or the text extracted from one
(WET); requests, failed responses, images and the like are not inputs and are skipped. Of a record, at most the size of
the largest page is read into memory.
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

LONGEST_ADDRESS = 2000  # characters of a header's value that are kept
PAGES = ("text/html", "application/xhtml+xml")
SUCCESS = range(200, 300)
_HEADERS = 1 << 16  # bytes read of a record beyond the largest page, for the headers of its response


def web_identities(name: str, source: HtmlSource | WarcSource, base: Path) -> dict[str, str]:
    """By place, what identifies each file and the library that reads it: another version may extract other text."""
    library = extractor(name)
    return {place: f"{identity} {library}" for place, identity in identities(name, source.paths, base).items()}


def read_html(name: str, source: HtmlSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document for each file."""
    extractor(name)
    for place, path in find_files(name, source.paths, base).items():
        yield from until_broken(name, place, path, source, _read_html(name, source, place, path))


def _read_html(name: str, source: HtmlSource, place: str, path: Path) -> Iterator[Document | Quarantined]:
    with opened(path) as stream:
        data = stream.read(LARGEST_PAGE + 1)
    yield _page(name, source, place, data, {})


def read_warc(name: str, source: WarcSource, base: Path) -> Iterator[Document | Quarantined]:
    """One document for each page of the archives; its place is the file and the number of its record."""
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
    """The page or text of a record, if it has one."""
    kind, data = record.headers.get("warc-type", "").lower(), record.content
    content_type = _media_type(record.headers.get("content-type"))
    if kind == "resource" and content_type in PAGES:
        yield _page(name, source, where, data, _facts(record))
    # A converted text without an address was not made from a page: tools write such records about themselves.
    elif kind == "conversion" and content_type == "text/plain" and "warc-target-uri" in record.headers:
        yield _text(name, source, where, record)
    elif kind == "response" and content_type == "application/http":
        yield from _response(name, source, where, record)


def _text(name: str, source: WarcSource, where: str, record: Record) -> Document | Quarantined:
    """A text that was extracted from a page, as in WET archives."""
    if record.length > LARGEST_PAGE:
        return _quarantined(name, source, where, f"the text is larger than {LARGEST_PAGE} bytes", record.content)
    try:
        text = record.content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _quarantined(name, source, where, f"UnicodeDecodeError: {error}", record.content)
    facts = _facts(record)
    if language := record.headers.get("warc-identified-content-language"):
        facts["language"] = language[:LONGEST_ADDRESS]
    return new_document(text, source.language or UNDETERMINED, name, source.license, where, facts)


def _response(name: str, source: WarcSource, where: str, record: Record) -> Iterator[Document | Quarantined]:
    """The page of a response, if it has one."""
    data = record.content
    try:
        response = _parsed(data, "none")
    except OSError as error:
        yield _quarantined(name, source, where, f"the headers of the response cannot be read: {error}", data)
        return
    headers = response.http_headers
    if headers.status_code not in SUCCESS or _media_type(headers.get("Content-Type")) not in PAGES:
        return
    try:
        body = _body(data, response)
    except OSError as error:
        yield _quarantined(name, source, where, f"the content cannot be decoded: {error}", data)
        return
    language = headers.get("Content-Language")
    yield _page(name, source, where, body, _facts(record), response.http_charset, language)


def _parsed(data: bytes, decoding: Literal["none", "all"]) -> Any:
    """The content of a record parsed as a response, with transfer and content encodings undone if `decoding` is all."""
    from fastwarc.warc import WarcRecord, WarcRecordType

    response = WarcRecord()
    response.record_type = WarcRecordType.response
    response.is_http = True
    response.set_bytes_content(data)
    response.parse_http(auto_decode=decoding, quirks_mode=True)
    return response


def _body(data: bytes, response: Any) -> bytes:
    """The page of a response, up to one byte more than a page may have; OSError if it cannot be decoded."""
    try:
        body: bytes = _parsed(data, "all").reader.read(LARGEST_PAGE + 1)
    except OSError:
        # Many crawlers store the decoded body with the headers of the encoded one.
        body = response.reader.read(LARGEST_PAGE + 1)
        if not body.lstrip().startswith(b"<"):
            raise
    return body


def _page(
    name: str,
    source: HtmlSource | WarcSource,
    where: str,
    data: bytes,
    facts: dict[str, object],
    charset: str | None = None,
    language: str | None = None,
) -> Document | Quarantined:
    """A page as a document; `facts` are what its record says about it."""
    try:
        page = read_page(data, charset, language, str(facts.get(ADDRESS_KEY, "")))
    except Refused as error:
        return _quarantined(name, source, where, str(error), data)
    return new_document(page.text, source.language or UNDETERMINED, name, source.license, where, page.facts | facts)


def _quarantined(name: str, source: HtmlSource | WarcSource, where: str, reason: str, data: bytes) -> Quarantined:
    excerpt = data[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]
    return Quarantined(name, where, reason, excerpt, source.language or UNDETERMINED)


def _facts(record: Record) -> dict[str, object]:
    """What a record says about its page: address, date, whether it is truncated."""
    facts = {
        ADDRESS_KEY: record.headers.get("warc-target-uri", "").strip("<>"),  # some writers add brackets
        "date": record.headers.get("warc-date", ""),
        "truncated": record.headers.get("warc-truncated", ""),
    }
    return {key: value[:LONGEST_ADDRESS] for key, value in facts.items() if value}


def _media_type(content_type: str | None) -> str:
    """The media type of a header, without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower()
