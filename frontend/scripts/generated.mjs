// Writes what is made from the Python side, or checks that it is current:
//   src/api/schema.ts   from the market's OpenAPI document (python -m market.openapi)
//   tests/vectors.json  hashes and signatures of protocol/ (tests/vectors.py)
//
//   node scripts/generated.mjs write | check
//
// PYTHON names another interpreter than the repository's own.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const BANNER = "// Made by `npm run types` from the market's OpenAPI document. Do not edit.\n\n";

function interpreter() {
  if (process.env.PYTHON) return process.env.PYTHON;
  const local = `${repository}.venv/bin/python`;
  return existsSync(local) ? local : "python3";
}

function python(...words) {
  return execFileSync(interpreter(), words, {
    cwd: repository,
    env: { ...process.env, PYTHONPATH: repository },
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
}

async function schema() {
  return BANNER + astToString(await openapiTS(JSON.parse(python("-m", "market.openapi"))));
}

const files = {
  "src/api/schema.ts": await schema(),
  "tests/vectors.json": python("frontend/tests/vectors.py"),
};

function write(name, text) {
  writeFileSync(`${repository}frontend/${name}`, text);
}

function check(name, text) {
  if (readFileSync(`${repository}frontend/${name}`, "utf8") === text) return;
  process.stderr.write(`${name} is out of date: run \`npm run types\`\n`);
  process.exitCode = 1;
}

const act = { write, check }[process.argv[2]];
if (act === undefined) {
  process.stderr.write("usage: node scripts/generated.mjs write|check\n");
  process.exitCode = 2;
} else {
  for (const [name, text] of Object.entries(files)) act(name, text);
}
