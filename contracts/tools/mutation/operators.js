// The operators: what may be changed in a source, one change a mutant. They work on the compiler's syntax
// tree, so a change is always one of code, never of a comment or a string.

const RELATIONS = { "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="] };
const BINARY = { ...RELATIONS, "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["/"], "&": ["|"], "|": ["&"], "<<": [">>"], ">>": ["<<"] };
const ASSIGNMENTS = { "+=": ["-=", "="], "-=": ["+=", "="], "|=": ["=", "&="], "&=": ["=", "|="] };
const YUL = { add: "sub", sub: "add", mul: "add", delegatecall: "staticcall" };

/** All mutants of one source, in the order of their places. `source` is a Buffer: the tree counts bytes. */
function mutantsOf(file, source, tree) {
  const found = [];
  const text = ([start, end]) => source.subarray(start, end).toString();
  const add = (operator, [start, end], after) => {
    const before = text([start, end]);
    if (before === after) return;
    const line = source.subarray(0, start).toString().split("\n").length;
    const key = `${file}:${line}@${start} ${operator} ${after}`;
    found.push({ key, file, line, operator, before, after, start, end });
  };
  const visit = (node) => {
    OPERATORS[node.nodeType]?.(node, add, text);
    for (const child of Object.values(node)) {
      for (const one of Array.isArray(child) ? child : [child]) if (one?.nodeType) visit(one);
    }
  };
  visit(tree);
  const seen = new Set();
  return found
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .filter(({ key }) => !seen.has(key) && seen.add(key));
}

const span = ({ src }) => {
  const [start, length] = src.split(":").map(Number);
  return [start, start + length];
};

/** The span of `word` behind a node or, if there is none, in front of another. */
const wordAt = (word, [from, to], text) => {
  const at = from + Buffer.byteLength(text([from, to]).split(word)[0]);
  return [at, at + word.length];
};

/** Leave a statement out. A loop's step has no semicolon and stays: the loop would never end. */
const drop = (node, add, text) => {
  const [start, end] = span(node);
  if (text([end, end + 1]) === ";") add("statement", [start, end + 1], "{}");
};

const OPERATORS = {
  BinaryOperation({ operator, leftExpression, rightExpression }, add, text) {
    const between = [span(leftExpression)[1], span(rightExpression)[0]];
    for (const after of BINARY[operator] ?? []) add(kindOf(operator), wordAt(operator, between, text), after);
  },
  Assignment({ operator, leftHandSide, rightHandSide }, add, text) {
    const between = [span(leftHandSide)[1], span(rightHandSide)[0]];
    for (const after of ASSIGNMENTS[operator] ?? []) add("assignment", wordAt(operator, between, text), after);
  },
  UnaryOperation(node, add, text) {
    const inner = text(span(node.subExpression));
    if (node.operator === "!" || node.operator === "~") add("negation", span(node), inner);
    const opposite = { "++": "--", "--": "++" }[node.operator];
    if (opposite) add("arithmetic", span(node), node.prefix ? opposite + inner : inner + opposite);
  },
  IfStatement({ condition, trueBody }, add) {
    const body = trueBody.nodeType === "Block" ? trueBody.statements[0] : trueBody;
    add(body?.nodeType === "RevertStatement" ? "check" : "condition", span(condition), "false");
    if (body?.nodeType !== "RevertStatement") add("condition", span(condition), "true");
  },
  Conditional({ condition }, add) {
    add("condition", span(condition), "true");
    add("condition", span(condition), "false");
  },
  ExpressionStatement: drop,
  EmitStatement: drop,
  Continue(node, add) {
    add("statement", span(node), "break");
  },
  Literal(node, add, text) {
    const digits = text(span(node)).match(/^[0-9_]+(?![0-9_.xe])/)?.[0];
    if (node.kind !== "number" || !digits) return;
    const [start] = span(node);
    const value = BigInt(digits.replaceAll("_", ""));
    add("constant", [start, start + digits.length], String(value + 1n));
    if (value > 0n) add("constant", [start, start + digits.length], String(value - 1n));
  },
  FunctionCall(node, add, text) {
    const name = node.expression.name;
    if (name === "_caller") add("caller", span(node), "msg.sender");
    if (name === "_min") for (const one of node.arguments) add("minimum", span(node), text(span(one)));
  },
  MemberAccess(node, add) {
    if (node.memberName === "sender" && node.expression.name === "msg") add("caller", span(node), "_caller()");
  },
  ModifierInvocation(node, add) {
    if (node.kind === "modifierInvocation") add("modifier", span(node), "");
  },
  YulFunctionCall({ functionName }, add) {
    if (YUL[functionName.name]) add("assembly", span(functionName), YUL[functionName.name]);
  },
  YulLiteral(node, add) {
    if (node.kind === "number") add("assembly", span(node), String(BigInt(node.value) + 32n));
  },
  YulExpressionStatement(node, add) {
    add("assembly", span(node), "pop(0)");
  },
};

const kindOf = (operator) => {
  if (RELATIONS[operator]) return "relation";
  if (operator === "&&" || operator === "||") return "logic";
  return "+-*/%".includes(operator) ? "arithmetic" : "bits";
};

module.exports = { mutantsOf };
