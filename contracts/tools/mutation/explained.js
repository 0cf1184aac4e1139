// Survivors that somebody has looked at: mutation.json says of each why no test notices it.
const fs = require("fs");
const path = require("path");

const squeezed = (text) => text.replace(/\s+/g, " ").trim();

/** The line of a change, as it is and as the mutant has it: a name that other lines' changes leave alone. */
function linesOf({ start, end, after }, source) {
  const from = source.lastIndexOf("\n", start - 1) + 1;
  const to = source.indexOf("\n", end);
  const [head, middle, tail] = [[from, start], [start, end], [end, to]].map(([a, b]) => source.subarray(a, b).toString());
  return { code: squeezed(head + middle + tail), mutant: squeezed(head + after + tail) };
}

const nameOf = ({ file, code, mutant }) => JSON.stringify([file, code, mutant]);

/** Why a mutant may live, by its name. Refuses what explains none of all `mutants`: it is out of date. */
function explanations(project, mutants) {
  const file = path.join(project, "mutation.json");
  const given = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : [];
  const names = new Set(mutants.map(nameOf));
  const stale = given.find((one) => !names.has(nameOf(one)));
  if (stale) throw new Error(`mutation.json explains what is no mutant: ${stale.file}: ${stale.mutant}`);
  return new Map(given.map((one) => [nameOf(one), one.why]));
}

module.exports = { explanations, linesOf, nameOf };
