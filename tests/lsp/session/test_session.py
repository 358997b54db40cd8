"""A session over every request, as three editors would hold it."""

from lsprotocol import types

from places import position

MAIN = '''import numbers

/// The square of a number.
op square(n: Int) -> Int {
    let twice = n
    n * n
}

struct Row {
    name: Str
    size: Int
}

op sum(all: List<Int>) -> (total: Int, row: Row) {
    let row = Row(name: "é𝄞", size: all.len())
    yield Output(all.sum() + row.size, output_name: "total")
    yield Output(row, output_name: "row")
}

job main() -> Int {
    let some = numbers.numbers()
    let squares = square(some)
    let (total, row) = sum(squares)
    total
}
'''

NUMBERS = '''/// Some numbers.
pub op numbers() -> DynamicOutput<Int> {
    for n in [1, 2, 3] {
        yield DynamicOutput(n, mapping_key: n)
    }
}
'''

UTF16 = types.PositionEncodingKind.Utf16


def files(folder):
    (folder / "main.dyn").write_text(MAIN)
    (folder / "numbers.dyn").write_text(NUMBERS)
    return (folder / "main.dyn").as_uri(), (folder / "numbers.dyn").as_uri()


def at(text, words, within=0):
    """The place of the first character of some words, or of one within."""
    return position(text, text.index(words) + within, UTF16)


def question(uri, place):
    return {"text_document": types.TextDocumentIdentifier(uri), "position": place}


def errors(diagnostics):
    return [found for found in diagnostics if found.severity == types.DiagnosticSeverity.Error]


def apply(text, edits):
    """The text after edits; places are before all of them."""
    lines = text.split("\n")

    def offset(place):
        line = lines[place.line].encode("utf-16-le")
        column = len(line[: place.character * 2].decode("utf-16-le"))
        return sum(len(line) + 1 for line in lines[: place.line]) + column

    spans = sorted(((offset(e.range.start), offset(e.range.end), e.new_text) for e in edits), reverse=True)
    for start, end, new in spans:
        text = text[:start] + new + text[end:]
    return text


def edits_of(edit, uri):
    if edit.document_changes is not None:
        return [e for change in edit.document_changes if change.text_document.uri == uri for e in change.edits]
    return list(edit.changes[uri])


async def test_diagnostics_and_repairs(client, tmp_path):
    main, _ = files(tmp_path)
    text = MAIN
    client.open(main, text)
    found = await client.settled(main)
    direct = [d for d in found if d.code == "E0301"]
    assert direct, found
    assert direct[0].range.start.line == at(MAIN, "square(some)").line
    assert direct[0].code_description.href.endswith("E0301.md")
    unused = [d for d in found if d.code == "W0207"]
    assert any(types.DiagnosticTag.Unnecessary in d.tags for d in unused)
    # One repair after the other, until none is needed.
    for _ in range(6):
        found = errors(await client.settled(main))
        if not found:
            break
        actions = await client.text_document_code_action_async(
            types.CodeActionParams(
                text_document=types.TextDocumentIdentifier(main),
                range=found[0].range,
                context=types.CodeActionContext(diagnostics=[found[0]]),
            )
        )
        fixes = [a for a in actions if a.kind == types.CodeActionKind.QuickFix]
        assert fixes, found[0]
        text = apply(text, edits_of(fixes[0].edit, main))
        client.replace(main, text)
    assert not found, (found, text)
    assert ".map(" in text and ".collect()" in text
    client.close(main)
    await client.settled(main, lambda found: not found)


async def test_hover(client, tmp_path):
    main, _ = files(tmp_path)
    client.open(main, MAIN)
    hover = await client.text_document_hover_async(types.HoverParams(**question(main, at(MAIN, "square(some)"))))
    assert "op square(n: Int) -> Int" in hover.contents.value
    assert "The square of a number." in hover.contents.value
    assert hover.range.start == at(MAIN, "square(some)")
    hover = await client.text_document_hover_async(types.HoverParams(**question(main, at(MAIN, "row.size"))))
    assert "Row" in hover.contents.value


async def test_definition_and_references(client, tmp_path):
    main, numbers = files(tmp_path)
    client.open(main, MAIN)
    found = await client.text_document_definition_async(
        types.DefinitionParams(**question(main, at(MAIN, "square(some)")))
    )
    assert [(place.uri, place.range.start) for place in found] == [(main, at(MAIN, "square(n"))]
    found = await client.text_document_definition_async(
        types.DefinitionParams(**question(main, at(MAIN, "numbers()")))
    )
    assert [(place.uri, place.range.start) for place in found] == [(numbers, at(NUMBERS, "numbers()"))]
    # Behind characters of two units.
    found = await client.text_document_definition_async(
        types.DefinitionParams(**question(main, at(MAIN, "row.size")))
    )
    assert found[0].range.start == at(MAIN, "row = Row")
    # The standard library can be gone into.
    found = await client.text_document_definition_async(
        types.DefinitionParams(**question(main, at(MAIN, "sum() + row")))
    )
    assert found[0].uri.endswith(".dyn") and "/std/" in found[0].uri

    client.open(numbers, NUMBERS)
    found = await client.text_document_references_async(
        types.ReferenceParams(
            context=types.ReferenceContext(include_declaration=True), **question(numbers, at(NUMBERS, "numbers()"))
        )
    )
    places = [(place.uri, place.range.start) for place in found]
    assert len(places) == 2
    assert (main, at(MAIN, "numbers()")) in places and (numbers, at(NUMBERS, "numbers()")) in places


async def test_rename(client, tmp_path):
    main, numbers = files(tmp_path)
    client.open(main, MAIN)
    client.open(numbers, NUMBERS)
    edit = await client.text_document_rename_async(
        types.RenameParams(new_name="digits", **question(numbers, at(NUMBERS, "numbers()")))
    )
    assert "numbers.digits()" in apply(MAIN, edits_of(edit, main))
    assert "op digits()" in apply(NUMBERS, edits_of(edit, numbers))


async def test_outline(client, tmp_path):
    main, _ = files(tmp_path)
    client.open(main, MAIN)
    found = await client.text_document_document_symbol_async(
        types.DocumentSymbolParams(types.TextDocumentIdentifier(main))
    )
    assert [s.name for s in found] == ["numbers", "square", "Row", "sum", "main"]
    row = found[2]
    assert [field.name for field in row.children] == ["name", "size"]
    assert row.selection_range.start == at(MAIN, "Row {")


async def complete(client, uri, place):
    found = await client.text_document_completion_async(types.CompletionParams(**question(uri, place)))
    items = found.items if isinstance(found, types.CompletionList) else found
    return {item.label: item for item in items or []}


async def test_completion(client, tmp_path):
    main, _ = files(tmp_path)
    client.open(main, MAIN)
    # Names in scope.
    labels = await complete(client, main, at(MAIN, "square(some)", 2))
    assert "square" in labels and "some" in labels
    # Fields of the receiver's type, while the word is not there yet.
    broken = MAIN.replace("row.size\n", "row.size\n").replace("all.sum() + row.size", "all.sum() + row.")
    client.replace(main, broken)
    labels = await complete(client, main, at(broken, "row.,", 4))
    assert {"name", "size"} <= labels.keys()
    broken = MAIN.replace("all.sum() + row.size", "all.s")
    client.replace(main, broken)
    labels = await complete(client, main, at(broken, "all.s,", 5))
    assert "sum" in labels
    edit = labels["sum"].text_edit
    assert edit.range.start == at(broken, "all.s,", 4) and edit.range.end == at(broken, "all.s,", 5)
    # Names of arguments.
    broken = MAIN.replace("square(some)", "square()")
    client.replace(main, broken)
    labels = await complete(client, main, at(broken, "square()", 7))
    assert any(label.startswith("n") and "n:" in (item.label + item.text_edit.new_text) for label, item in labels.items())
