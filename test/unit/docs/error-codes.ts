/** Finds the error codes of src/ by reading its syntax: what errors are constructed with, and what is called `code`. */
import { globSync, readFileSync } from "node:fs";
import ts from "typescript";
import { settingNames } from "../../../src/config/table.ts";

const src = new URL("../../../src/", import.meta.url).pathname;
const codeShape = /^[A-Z][A-Z]+(_[A-Z]+)*$/;
const settings = new Set<string>(settingNames);

/** Every error code and the first file that gives it. */
export function codesInSource(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of globSync("**/*.ts", { cwd: src }).sort()) {
    const source = ts.createSourceFile(file, readFileSync(src + file, "utf8"), ts.ScriptTarget.Latest, true);
    for (const code of codesIn(source)) if (!found.has(code)) found.set(code, file);
  }
  return found;
}

function* codesIn(node: ts.Node): Generator<string> {
  if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) yield* literals(node.arguments);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword)
    yield* literals(node.arguments);
  // Functions that make an error take its code; a setting's name is no code there.
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression))
    for (const text of literals(node.arguments)) if (text.includes("_") && !settings.has(text)) yield text;
  if (
    (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) || ts.isParameter(node)) &&
    node.name.getText() === "code" &&
    node.initializer
  )
    yield* literals([node.initializer]);
  for (const child of node.getChildren()) yield* codesIn(child);
}

/** The texts shaped like a code among some expressions, also in the branches of a condition. */
function* literals(expressions: readonly ts.Expression[] = []): Generator<string> {
  for (const expression of expressions) {
    if (ts.isStringLiteral(expression) && codeShape.test(expression.text)) yield expression.text;
    if (ts.isConditionalExpression(expression)) yield* literals([expression.whenTrue, expression.whenFalse]);
  }
}
