"""The Atom feed of changes (RFC 4287, paged as RFC 5005)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from app.web.layout.rendering import SITE_NAME
from app.web.layout.sources import LICENCE
from app.web.opendata.repository import RecordedChange
from app.web.opendata.rules import KIND_LABELS, News, entry_id, xml_text

_ATOM = "http://www.w3.org/2005/Atom"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(
    entries: Sequence[tuple[RecordedChange, News]],
    *,
    identity: str,
    updated: datetime,
    base: str,
    address: str,
    following: str | None,
) -> bytes:
    """Write the feed.

    Parameters: `entries`, latest first; `identity`, an IRI that never changes; `updated`,
    the moment of the latest entry; `base`, the outside address; `address`, root-relative,
    of this document, and `following` of the next page.
    """
    feed = ET.Element("feed", {"xmlns": _ATOM, _LANGUAGE: "fr"})
    _text(feed, "id", identity)
    _text(feed, "title", f"{SITE_NAME} : changements")
    _text(feed, "subtitle", "Nouvelles CPTS, stades, territoires et fins, les plus récents.")
    _text(feed, "updated", _moment(updated))
    author = ET.SubElement(feed, "author")
    _text(author, "name", SITE_NAME)
    _text(feed, "rights", LICENCE["title"])
    _link(feed, "self", base + address, "application/atom+xml")
    _link(feed, "alternate", f"{base}/donnees", "text/html")
    if following:
        _link(feed, "next", base + following, "application/atom+xml")
    for change, news in entries:
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", entry_id(change))
        _text(entry, "title", news.title)
        _text(entry, "updated", _moment(change.changed_at))
        _text(entry, "published", _moment(change.changed_at))
        _link(entry, "alternate", f"{base}/cpts/{change.cpts_id}", "text/html")
        for kind in news.kinds:
            ET.SubElement(entry, "category", {"term": kind, "label": KIND_LABELS[kind]})
        if change.demonstration:
            ET.SubElement(
                entry, "category", {"term": "demonstration", "label": "Démonstration"}
            )
        _text(entry, "summary", news.summary)
    ET.indent(feed, "")
    written: bytes = ET.tostring(feed, "utf-8", xml_declaration=True)
    return written


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = xml_text(text)


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "href": address, "type": media_type})


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
