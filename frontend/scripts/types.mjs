// Generates src/api/schema.ts from the market's own OpenAPI document, or checks that it is current.
//
//   node scripts/types.mjs write | check
//
// The document comes from `python -m market.openapi`; PYTHON names another interpreter.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const target = fileURLToPath(new URL("../src/api/schema.ts", import.meta.url));
const BANNER = "// Made by `npm run types` from the market's OpenAPI document. Do not edit.\n\n";

function python() {
  if (process.env.PYTHON) return process.env.PYTHON;
  const local = `${repository}.venv/bin/python`;
  return existsSync(local) ? local : "python3";
}

function openApiDocument() {
  const text = execFileSync(python(), ["-m", "market.openapi"], {
    cwd: repository,
    encoding: "utf8",
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(text);
}

const generated = BANNER + astToString(await openapiTS(openApiDocument()));
const mode = process.argv[2];
if (mode === "write") {
  writeFileSync(target, generated);
} else if (mode === "check") {
  if (readFileSync(target, "utf8") !== generated) {
    process.stderr.write("src/api/schema.ts is out of date: run `npm run types`\n");
    process.exitCode = 1;
  }
} else {
  process.stderr.write("usage: node scripts/types.mjs write|check\n");
  process.exitCode = 2;
}
