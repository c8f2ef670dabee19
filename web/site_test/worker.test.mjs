// The worker in a page of a subfolder: calls, errors, dropped calls, a call that hangs.
import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, skip } from "./browser.mjs";
import { serve } from "./server.mjs";

const TEXT = "input 1x32x32; conv 6 k5; relu; flatten; fc 10";
let browser, page, server;

before(async () => {
  if (skip) return;
  const site = mkdtempSync(join(tmpdir(), "archdsl-site-"));
  cpSync(new URL("../../build/web/archdsl", import.meta.url), join(site, "archdsl"), { recursive: true });
  writeFileSync(join(site, "page.html"), "<!doctype html><title>page</title><link rel=icon href=data:,>");
  server = await serve(site, "/some/folder/");
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`${server.url}page.html`);
  await page.evaluate(async () => {
    const { Archdsl } = await import("./archdsl/archdsl.js");
    window.steps = [];
    window.archdsl = new Archdsl({ onProgress: (step) => window.steps.push(step) });
  });
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const call = (...given) => page.evaluate((given) => window.archdsl.call(...given), given);
const failure = (...given) =>
  page.evaluate((given) => window.archdsl.call(...given).then(() => null, ({ kind, message }) => ({ kind, message })), given);

test("calls are answered, and the page learns what is loading", { skip }, async () => {
  const report = await call("report", { text: TEXT });
  assert.deepEqual(report.layers[1].shape, [6, 28, 28]);
  assert.deepEqual(await page.evaluate(() => window.steps), ["Loading Python", "Loading archdsl", ""]);
  assert.match(await call("source", { text: TEXT }), /nn\.Conv2d\(1, 6, 5\)/);
  assert.match(await call("diagram", { text: TEXT }), /^<\?xml[^]*<svg[^]*conv 6 5×5/);
});

test("errors of Python reject the promise", { skip }, async () => {
  assert.equal((await failure("source", { text: "input 1x32x32; fc 10" })).kind, "ArchError");
  assert.deepEqual(await failure("nothing"), { kind: "LookupError", message: "there is no call `nothing`" });
});

test("a waiting call is dropped if another one with its key follows", { skip }, async () => {
  const results = await page.evaluate(
    (text) => Promise.all([1, 2, 3, 4].map(() => window.archdsl.call("report", { text }, { latest: "slider" }))),
    TEXT,
  );
  // The first one starts at once; of the others, only the last one is still needed.
  assert.deepEqual(results.map((each) => each?.ok), [true, undefined, undefined, true]);
});

test("the worker is started again if a call takes too long", { skip }, async () => {
  const found = await failure("report", { text: "input 3x8x8\nconv 8 k3 same\n".padEnd(400_000, "relu\n") }, { timeout: 1 });
  assert.equal(found.kind, "Timeout");
  assert.equal((await call("report", { text: TEXT })).ok, true);
});

test("everything comes from the site itself", { skip }, async () => {
  assert.ok(server.requests.length > 8);
  assert.ok(server.requests.every((path) => path.startsWith("/some/folder/archdsl/") || path === "/some/folder/page.html"));
});
