"""Places of the protocol in a text, counted without any code of the server's."""

import re

from lsprotocol import types

_LINE_END = re.compile("\r\n|\n|\r")


def _units(text, encoding):
    if encoding == types.PositionEncodingKind.Utf8:
        return len(text.encode("utf-8"))
    if encoding == types.PositionEncodingKind.Utf16:
        return len(text.encode("utf-16-le")) // 2
    return len(text)


def position(text, index, encoding):
    """The position of a character, by its index."""
    line, start = 0, 0
    for end in _LINE_END.finditer(text):
        if end.end() > index:
            break
        line, start = line + 1, end.end()
    return types.Position(line=line, character=_units(text[start:index], encoding))


def index(text, place, encoding):
    """The index of the character at a position, which must be one."""
    starts = [0] + [end.end() for end in _LINE_END.finditer(text)]
    at = starts[place.line]
    units = 0
    while units < place.character:
        units += _units(text[at], encoding)
        at += 1
    assert units == place.character, "within a character"
    return at


def bytes_of(text, span, encoding):
    """The byte offsets of a range."""
    start = index(text, span.start, encoding)
    end = index(text, span.end, encoding)
    return len(text[:start].encode("utf-8")), len(text[:end].encode("utf-8"))
