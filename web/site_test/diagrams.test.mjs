// Diagrams of the zoo, rendered in the page by Graphviz as WebAssembly, are those of the command line.
//
// Both renderers are Graphviz 16.1, but round differently in the last bit: where two curves of an arrow are equally
// good, they may choose different ones. Everything else must be the same bytes. ZOO=all compares the whole zoo.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { launch, skip } from "./browser.mjs";
import { serve } from "./server.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";
/** Networks without such arrows. */
const EQUAL = ["lenet5", "alexnet", "vgg16", "resnet18", "resnet50", "densenet121"];
const OTHERS = process.env.ZOO === "all" ? null : ["mobilenet_v3_small", "efficientnet_b0"];
let browser, page, server;

before(async () => {
  if (skip) return;
  server = await serve(`${ROOT}build/web/`, "/playground/");
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`${server.url}icon.svg`);
  await page.evaluate(async (url) => {
    const { Archdsl } = await import(url);
    window.archdsl = new Archdsl();
  }, `${server.url}archdsl/archdsl.js`);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const call = (name, given = {}) => page.evaluate(([name, given]) => window.archdsl.call(name, given, { timeout: 300_000 }), [name, given]);
const withoutCurves = (svg) => svg.replace(/(?<=<(?:path|polygon) [^>]*(?:d|points)=")[^"]*/g, "").replace(/(title|desc)-[0-9a-f]{8}/g, "$1");

function expected(name) {
  const file = join(mkdtempSync(join(tmpdir(), "archdsl-diagram-")), "diagram.svg");
  execFileSync(PYTHON, ["-m", "archdsl", "diagram", `zoo:${name}`, "-o", file], { cwd: ROOT });
  return readFileSync(file, "utf8");
}

test("the same bytes", { skip }, async () => {
  for (const name of EQUAL) assert.ok((await call("zoo.diagram", { name })) === expected(name), name);
});

test("the same but for curves", { skip }, async (context) => {
  const names = OTHERS ?? (await call("zoo.names")).filter((name) => !EQUAL.includes(name));
  let equal = EQUAL.length;
  for (const name of names) {
    const [found, wanted] = [await call("zoo.diagram", { name }), expected(name)];
    equal += found === wanted ? 1 : 0;
    assert.ok(withoutCurves(found) === withoutCurves(wanted), name);
  }
  context.diagnostic(`${equal} of ${names.length + EQUAL.length} diagrams are the same bytes`);
});
