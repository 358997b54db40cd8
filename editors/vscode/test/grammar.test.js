// The TextMate grammar over the corpus that every parser of the language is tried with.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");
const oniguruma = require("vscode-oniguruma");
const textmate = require("vscode-textmate");

const root = process.env.DYNOP_ROOT ?? path.join(__dirname, "..", "..", "..");
const corpus = path.join(root, "grammar", "corpus", "accepted");

async function load() {
  const wasm = fs.readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const file = path.join(__dirname, "..", "syntaxes", "dynop.tmLanguage.json");
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(file, "utf8"), file),
  });
  return registry.loadGrammar("source.dynop");
}

const grammar = load();

/** The innermost scope of each word or sign, line by line. */
async function scopes(text) {
  const found = [];
  let stack = textmate.INITIAL;
  for (const line of text.split(/\r?\n/)) {
    const tokens = (await grammar).tokenizeLine(line, stack);
    stack = tokens.ruleStack;
    for (const token of tokens.tokens) {
      found.push([line.slice(token.startIndex, token.endIndex), token.scopes.at(-1), token.scopes]);
    }
  }
  return { found, depth: stack.depth };
}

for (const name of fs.readdirSync(corpus).sort()) {
  test(`corpus: ${name}`, async () => {
    const text = fs.readFileSync(path.join(corpus, name), "utf8");
    const { found, depth } = await scopes(text);
    assert.equal(depth, 1, "something is still open at the end");
    const illegal = found.filter(([, scope]) => scope.startsWith("invalid."));
    assert.deepEqual(illegal, []);
  });
}

const examples = path.join(root, "examples");
for (const name of fs.readdirSync(examples).sort()) {
  const file = path.join(examples, name, "main.dyn");
  if (fs.existsSync(file)) {
    test(`example: ${name}`, async () => {
      const { depth } = await scopes(fs.readFileSync(file, "utf8"));
      assert.equal(depth, 1, "something is still open at the end");
    });
  }
}

/** Asserts the scope of the n-th token with this text. */
async function expects(text, wanted) {
  const { found } = await scopes(text);
  for (const [word, scope] of wanted) {
    const hit = found.find(([piece, , all]) => piece.trim() === word && all.some((one) => one.startsWith(scope)));
    assert.ok(hit, `${word} as ${scope} in ${JSON.stringify(found.map(([a, b]) => [a, b]))}`);
  }
}

test("declarations", async () => {
  await expects("pub op count(file: Path, n: Int = 3) -> Int { n }", [
    ["pub", "storage.modifier"],
    ["op", "storage.type.function"],
    ["count", "entity.name.function"],
    ["file", "variable.parameter"],
    ["Path", "support.type"],
    ["->", "keyword.operator.arrow"],
    ["3", "constant.numeric"],
  ]);
});

test("interpolation holds code, and code holds strings", async () => {
  await expects('let t = f"a {f(x: "b")} {n:>5} {{c}}" + "d"', [
    ["let", "storage.type"],
    ["f", "storage.type.string"],
    ["x", "variable.parameter"],
    ["b", "string.quoted.double.dynop"],
    [":>5", "constant.other.format"],
    ["{{", "constant.character.escape"],
    ["d", "string.quoted.double.dynop"],
  ]);
});

test("comments, units and words in their places", async () => {
  await expects('/// Tells.\ntest "x" { let with = run f with a = 30s // s\n 4GiB }', [
    ["/// Tells.", "comment.line.documentation"],
    ["test", "storage.type.function"],
    ["run", "keyword.control"],
    ["s", "keyword.other.unit"],
    ["// s", "comment.line.double-slash"],
    ["GiB", "keyword.other.unit"],
  ]);
});

test("an open string ends with its line", async () => {
  await expects('let a = "open\nlet b = 1', [
    ["open", "string.quoted.double"],
    ["b", "variable.other"],
    ["1", "constant.numeric"],
  ]);
});
