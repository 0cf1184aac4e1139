// A copy of the project in which mutants are compiled and tested. The sources of the copy never change: a
// mutant is compiled in memory and only its bytecode is put where Forge finds it, so that the tests
// need not be compiled again. They take Market's code by name (`Fixture._deployMarket`).
const { spawnSync } = require("child_process");
const fs = require("fs");
const path = require("path");

const CONTENTS = ["src", "test", "tools", "snapshots", "foundry.toml", "package.json"];
// Gas is another matter: a mutant that costs more is no worse, and all are compiled to cost more.
const GAS = "GasTest|LargestTransactionsTest";
// The long games take longer than all other tests: they only see what these let live.
const GAMES = "test/invariant/*";
const TEST_SECONDS = 120;
const FUZZ_RUNS = 32;
/**
 * Market and Annex are too deep for the old pipeline, and take minutes to optimise: here they go through
 * the IR as it comes, too large for a chain, but they do the same.
 */
const DEPLOYED = { viaIR: true, optimizer: { enabled: false } };
const TESTS = { viaIR: false, optimizer: { enabled: true, runs: 200 } };
const CODE_SIZE_LIMIT = "1000000";
const FORGE = ["test", "--threads", "1", "--fail-fast", "--code-size-limit", CODE_SIZE_LIMIT, "--no-match-contract", GAS];
/** Files that a test with no market in it may reach. */
const SMALL_TEST = 8;

const isContract = (text, name) => new RegExp(`^contract ${name} `, "m").test(text);

class Workshop {
  constructor(project, folder) {
    this.project = project;
    this.folder = folder;
    this.solc = require(require.resolve("solc", { paths: [project] }));
    this.pristine = new Map();
  }

  /** Copy the project as it is now. */
  copy() {
    fs.mkdirSync(this.folder, { recursive: true });
    for (const name of CONTENTS.filter((one) => fs.existsSync(path.join(this.project, one)))) {
      fs.rmSync(path.join(this.folder, name), { recursive: true, force: true });
      fs.cpSync(path.join(this.project, name), path.join(this.folder, name), { recursive: true, preserveTimestamps: true });
    }
    fs.rmSync(path.join(this.folder, "node_modules"), { force: true });
    fs.symlinkSync(path.join(this.project, "node_modules"), path.join(this.folder, "node_modules"));
  }

  /** Compile the project once, and see that its tests pass. */
  open() {
    const [out, built] = ["out", "built"].map((name) => path.join(this.folder, name));
    // What a run that was killed has left in `out` is somebody's mutant.
    fs.rmSync(out, { recursive: true, force: true });
    if (fs.existsSync(built)) fs.cpSync(built, out, { recursive: true, preserveTimestamps: true });
    else this.borrow();
    const killer = this.test();
    if (killer) throw new Error(`the tests fail without any mutant: ${killer}`);
    fs.rmSync(built, { recursive: true, force: true });
    fs.cpSync(out, built, { recursive: true, preserveTimestamps: true });
    this.deployed = this.artifacts("src");
    this.checkSetting();
    this.tests = this.artifacts("test").filter(({ source }) => source.endsWith(".t.sol"));
  }

  /** What the project itself has compiled need not be compiled again. */
  borrow() {
    for (const name of ["out", "cache"].filter((one) => fs.existsSync(path.join(this.project, one)))) {
      fs.cpSync(path.join(this.project, name), path.join(this.folder, name), { recursive: true, preserveTimestamps: true });
    }
  }

  /** A mutant that changes nothing must survive: what is compiled here has to pass as Forge's own does. */
  checkSetting() {
    const codes = this.bytecodes(this.deployed.map(({ source }) => source), {}, DEPLOYED);
    const same = this.deployed.map(({ file, source, name }) => ({ file, bytecode: codes[source][name] }));
    const killer = this.withBytecode(same, () => this.test());
    if (killer) throw new Error(`the tests fail with the same code compiled here: ${killer}`);
  }

  /** Syntax trees of all sources, by name. */
  trees(files) {
    const selection = { "*": { "": ["ast"] } };
    const { sources } = this.solve(files, {}, selection, TESTS);
    return Object.fromEntries(files.map((file) => [file, sources[file].ast]));
  }

  /** What becomes of a mutant: {outcome, killer}. */
  try(mutant) {
    const text = this.read(mutant.file);
    const changed = Buffer.concat([text.subarray(0, mutant.start), Buffer.from(mutant.after), text.subarray(mutant.end)]);
    const altered = { [mutant.file]: changed.toString() };
    const importers = this.tests.filter(({ imports }) => imports.has(mutant.file));
    // A library's own tests are compiled in a moment, and mostly enough.
    const stages = [
      [importers.filter((one) => one.reach.size <= SMALL_TEST), TESTS],
      [this.deployed.filter(({ reach }) => reach.has(mutant.file)), DEPLOYED],
      [importers.filter((one) => one.reach.size > SMALL_TEST), TESTS],
    ];
    let isSame = true;
    for (const [targets, setting] of stages) {
      const changes = this.compile(targets, altered, setting);
      if (!changes) return { outcome: "invalid" };
      if (changes.length === 0) continue;
      isSame = false;
      const killer = this.withBytecode(changes, () => (setting === DEPLOYED ? this.test() : this.shortTest()));
      if (killer) return { outcome: "killed", killer };
    }
    return { outcome: isSame ? "equivalent" : "survived" };
  }

  /** The artifacts whose creation code is another than without the mutant; null if it does not compile. */
  compile(targets, altered, setting) {
    if (targets.length === 0) return [];
    const changes = [];
    const files = targets.map(({ source }) => source);
    const now = this.bytecodes(files, altered, setting);
    if (!now) return null;
    for (const target of targets) {
      const { file, source, name } = target;
      if (!this.pristine.has(file)) {
        this.pristine.set(file, this.bytecodes([source], {}, setting)[source][name]);
      }
      const bytecode = now[source][name];
      if (bytecode !== this.pristine.get(file)) changes.push({ file, bytecode });
    }
    return changes;
  }

  bytecodes(files, altered, setting) {
    const selection = Object.fromEntries(files.map((file) => [file, { "*": ["evm.bytecode.object"] }]));
    const { contracts } = this.solve(files, altered, selection, setting);
    if (!contracts) return null;
    const codes = (found) => Object.fromEntries(Object.entries(found).map(([name, { evm }]) => [name, evm.bytecode.object]));
    return Object.fromEntries(files.map((file) => [file, codes(contracts[file])]));
  }

  solve(files, altered, outputSelection, setting) {
    const contents = (file) => ({ content: altered[file] ?? this.read(file).toString() });
    const input = {
      language: "Solidity",
      sources: Object.fromEntries(files.map((file) => [file, contents(file)])),
      settings: {
        ...setting,
        evmVersion: "cancun",
        metadata: { bytecodeHash: "none", appendCBOR: false },
        remappings: ["@openzeppelin/=node_modules/@openzeppelin/"],
        outputSelection,
      },
    };
    const load = (file) => {
      if (!fs.existsSync(path.join(this.folder, file))) return { error: `no ${file}` };
      return { contents: contents(file).content };
    };
    const answer = JSON.parse(this.solc.compile(JSON.stringify(input), { import: load }));
    return answer.errors?.some(({ severity }) => severity === "error") ? {} : answer;
  }

  /** Let Forge find other bytecode while `work` is done. */
  withBytecode(changes, work) {
    const before = changes.map(({ file }) => fs.readFileSync(file));
    changes.forEach(({ file, bytecode }, i) => {
      const artifact = JSON.parse(before[i]);
      artifact.bytecode.object = `0x${bytecode}`;
      fs.writeFileSync(file, JSON.stringify(artifact));
    });
    try {
      return work();
    } finally {
      changes.forEach(({ file }, i) => fs.writeFileSync(file, before[i]));
    }
  }

  /** The first test that fails, or nothing. */
  test() {
    const isPlayed = fs.existsSync(path.join(this.folder, path.dirname(GAMES)));
    return this.shortTest() ?? (isPlayed ? this.forge("--match-path", GAMES) : undefined);
  }

  shortTest() {
    return this.forge("--no-match-path", GAMES);
  }

  forge(...which) {
    const bin = path.join(this.project, "node_modules", ".bin");
    const environment = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}`, FOUNDRY_FUZZ_RUNS: FUZZ_RUNS, NO_COLOR: "1" };
    const options = { cwd: this.folder, env: environment, encoding: "utf8", timeout: TEST_SECONDS * 1000 };
    const done = spawnSync("forge", [...FORGE, ...which], options);
    if (done.error?.code === "ETIMEDOUT") return "time";
    if (done.status === 0) return undefined;
    const test = done.stdout.match(/\[FAIL.*\] (\w+)\(/)?.[1];
    if (!test) throw new Error(`Forge itself failed:\n${done.stdout}${done.stderr}`);
    return test;
  }

  /** Everything that Forge has built from a folder and that has bytecode. */
  artifacts(root) {
    const out = path.join(this.folder, "out");
    const files = fs.readdirSync(out, { recursive: true }).filter((name) => /\.sol\/\w+\.json$/.test(name));
    return files
      .map((name) => ({ file: path.join(out, name), ...JSON.parse(fs.readFileSync(path.join(out, name))) }))
      .filter(({ bytecode }) => bytecode.object.length > 2)
      .map(({ file, metadata }) => ({ file, target: Object.entries(metadata.settings.compilationTarget)[0] }))
      .filter(({ target: [source, name] }) => source.startsWith(`${root}/`) && isContract(this.read(source), name))
      .map(({ file, target: [source, name] }) => ({
        file,
        name,
        source,
        imports: new Set(this.importsOf(source)),
        reach: this.reachOf(source),
      }));
  }

  importsOf(source) {
    const names = [...this.read(source).toString().matchAll(/ from "(\.[^"]+)";/g)].map((found) => found[1]);
    return names.map((name) => path.posix.join(path.posix.dirname(source), name));
  }

  reachOf(source, reached = new Set()) {
    if (reached.has(source)) return reached;
    reached.add(source);
    for (const one of this.importsOf(source)) this.reachOf(one, reached);
    return reached;
  }

  read(file) {
    return fs.readFileSync(path.join(this.folder, file));
  }
}

module.exports = { Workshop };
