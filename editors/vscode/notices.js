// Writes out/NOTICES.txt: the licences of the packages whose code is in the bundle, as they ask.

const fs = require("node:fs");
const path = require("node:path");

const meta = JSON.parse(fs.readFileSync("out/meta.json", "utf8"));
const folders = new Set();
for (const input of Object.keys(meta.inputs)) {
  const found = /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(input);
  if (found) {
    folders.add(found[0]);
  }
}
const notices = [...folders].sort().map((folder) => {
  const about = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = fs.readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (!file) {
    throw new Error(`${folder} has no licence`);
  }
  const text = fs.readFileSync(path.join(folder, file), "utf8").trim();
  return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
});
fs.writeFileSync("out/NOTICES.txt", notices.join("\n----------------------------------------\n\n"));
fs.rmSync("out/meta.json");
console.log(`licences of ${notices.length} packages`);
