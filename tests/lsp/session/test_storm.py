"""After any edits the server says what `dynopc check` says."""

import json
import random
import subprocess
from urllib.parse import unquote, urlparse

from lsprotocol import types

from places import bytes_of, position

START = '''import parts.tools

struct Row { name: Str, size: Int }

/// 𝄞 é
op numbers(limit: Int) -> DynamicOutput<Int> {
    for n in 0..limit {
        yield DynamicOutput(n, mapping_key: n)
    }
}

op square(n: Int) -> Int {
    let note = "𝄞𝄞 é"
    match note.len() {
        1 => n
        _ => n * n + tools.one()
    }
}

op sum(all: List<Int>) -> Int {
    let row = Row(name: "ü", size: 3)
    var total = row.size
    for one in all { total += one }
    total
}

job main(limit: Int = 3) -> Int {
    sum(numbers(limit).map(|n| square(n)).collect())
}
'''

TOOLS = '''pub fn one() -> Int { 1 }
pub fn other(a: Int, b: Str) -> Str { f"{a} {b}" }
'''

PIECES = [
    "x", "\n", "\r\n", "\r", "(", ")", "{", "}", '"', "𝄞", "é", " ", ".", "n", "1", "|", "<", ">", ":", "/", "//",
    "let y = 1\n", "fn f() {}\n", "numbers", ".map(|x| x)", ".collect()", "yield ", "match ", "f\"{", "import parts.tools\n",
]


def edit(random, text):
    """A place in the text and what is put there instead."""
    start = random.randrange(len(text) + 1)
    end = start
    if random.random() < 0.5:
        end = min(len(text), start + random.choice([1, 1, 2, 5, 40]))
    new = random.choice(PIECES) if random.random() < 0.7 or start == end else ""
    return start, end, new


def inside_a_line_end(text, at):
    return text[at - 1 : at + 1] == "\r\n"


def said_by_check(dynopc, path):
    output = subprocess.run(
        [dynopc, "check", "--message-format", "json", str(path)], capture_output=True, text=True, timeout=120
    )
    found = set()
    for line in output.stderr.splitlines():
        told = json.loads(line)
        place = told["place"]
        found.add((place["file"], place["start"], place["end"], told["code"], told["severity"], told["message"]))
    return found


def said_by_server(client, texts):
    words = {types.DiagnosticSeverity.Error: "error", types.DiagnosticSeverity.Warning: "warning"}
    found = set()
    for uri, diagnostics in client.diagnostics.items():
        path = unquote(urlparse(uri).path)
        for one in diagnostics:
            start, end = bytes_of(texts[path], one.range, client.encoding)
            message = one.message.split("\n")[0]
            found.add((path, start, end, one.code, words[one.severity], message))
    return found


async def storm(client, dynopc, folder, seed):
    rolled = random.Random(seed)
    (folder / "parts").mkdir()
    tools, main = folder / "parts" / "tools.dyn", folder / "main.dyn"
    tools.write_bytes(TOOLS.encode())
    text = START.replace("\n", "\r\n") if seed % 2 else START
    client.open(main.as_uri(), text)
    for burst in range(8):
        for _ in range(rolled.choice([1, 5, 30])):
            changes = []
            for _ in range(rolled.choice([1, 1, 3])):
                start, end, new = edit(rolled, text)
                # A client's places are never within a line's end.
                start -= inside_a_line_end(text, start)
                end += inside_a_line_end(text, end)
                places = types.Range(
                    position(text, start, client.encoding), position(text, end, client.encoding)
                )
                changes.append(types.TextDocumentContentChangePartial(range=places, text=new))
                text = text[:start] + new + text[end:]
            client.change(main.as_uri(), *changes)
        if burst == 5:
            text = START
            client.replace(main.as_uri(), text)
        await client.settled(main.as_uri())
        main.write_bytes(text.encode())
        texts = {str(main): text, str(tools): TOOLS}
        expected = said_by_check(dynopc, main)
        assert said_by_server(client, texts) == expected, f"seed {seed}, burst {burst}"
    assert not client.log_messages


async def test_storm_one(counting, dynopc, tmp_path):
    await storm(counting, dynopc, tmp_path, 1)


async def test_storm_two(counting, dynopc, tmp_path):
    await storm(counting, dynopc, tmp_path, 2)


async def test_storm_three(counting, dynopc, tmp_path):
    await storm(counting, dynopc, tmp_path, 3)
