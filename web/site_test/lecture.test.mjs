// The interactive figures of the tutorial: forms, clicks, both languages, errors, accessibility, the width of a phone.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, skip } from "./browser.mjs";
import { serve } from "./server.mjs";

const asset = (name) => new URL(`../../docs/assets/${name}`, import.meta.url);
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let browser, page, server;

before(async () => {
  if (skip) return;
  const site = mkdtempSync(join(tmpdir(), "archdsl-lecture-"));
  cpSync(new URL("../../build/web/archdsl", import.meta.url), join(site, "archdsl"), { recursive: true });
  for (const name of ["lecture.js", "lecture.css"]) writeFileSync(join(site, name), readFileSync(asset(name)));
  writeFileSync(join(site, "empty.html"), "<!doctype html><title>empty</title>");
  server = await serve(site, "/folder/");
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  page.setDefaultTimeout(120_000);
  await page.goto(`${server.url}empty.html`);
  const made = await page.evaluate(async () => {
    const { Archdsl } = await import("./archdsl/archdsl.js");
    const archdsl = new Archdsl();
    const figure = (name, language) =>
      archdsl.call("archdsl.lecture.controls.interactive", { name, language, script: "archdsl/archdsl.js" });
    const names = ["window", "filters", "lenet5_maps", "receptive_field", "batches"];
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await figure(name, name === "window" ? "ko" : "en")])));
  });
  for (const [name, html] of Object.entries(made)) {
    const head = `<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="lecture.css"><link rel=icon href=data:,>`;
    const body = `<main class="md-typeset"><h1>${name}</h1>${html}</main><script src="lecture.js"></script>`;
    const style = "<style>:root{--md-default-bg-color:#fff;--md-default-fg-color:#222}</style>";
    writeFileSync(
      join(site, `${name}.html`),
      `<!doctype html><html lang="${name === "window" ? "ko" : "en"}"><meta charset="utf-8"><title>${name}</title>${head}${style}<body data-md-color-scheme="default">${body}</body></html>`,
    );
  }
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const open = (name) => page.goto(`${server.url}${name}.html`);
const shows = (pattern) =>
  page.waitForFunction((source) => new RegExp(source).test(document.querySelector(".lecture-text").textContent), pattern.source);
const set = (name, value) =>
  page.locator(`[name=${name}]`).first().evaluate((field, value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);

test("a slider, a click and a window that does not fit, in Korean", { skip }, async () => {
  await open("window");
  await set("padding", 1);
  await shows(/conv 1 k3 s2 p1 nobias: floor\(\(8 − 3 \+ 2·1\)\/2\) \+ 1 = 4이므로/);
  await page.locator(".lecture-output [data-target]").nth(6).click();
  await shows(/1행 2열/);
  assert.equal(await page.locator("[name=column]").inputValue(), "2");
  await set("size", 3);
  await set("padding", 0);
  await set("kernel", 5);
  await shows(/E0401/);
});

test("a filter of nine numbers", { skip }, async () => {
  await open("filters");
  assert.equal(await page.locator("fieldset").isVisible(), false);
  await page.locator("select").selectOption("own");
  await page.locator("fieldset input").nth(4).fill("7");
  await shows(/row 33, column 51, the sum of weights times pixels is \d/);
  assert.equal(await page.locator("fieldset").isVisible(), true);
});

test("feature maps, receptive fields and batches answer", { skip }, async () => {
  await open("lenet5_maps");
  await set("digit", 7);
  await shows(/digit 7, the most probable class is 7/);
  await open("receptive_field");
  await set("layer", 5);
  await shows(/conv 32 k3 p1/);
  await open("batches");
  await set("batch", 100);
  await shows(/60,000 · 0.8 \/ 100 = 480 steps per epoch/);
});

test("every figure is accessible, by keyboard too, and as wide as a phone", { skip }, async () => {
  for (const name of ["window", "filters", "lenet5_maps", "receptive_field", "batches"]) {
    await open(name);
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(() => axe.run());
    assert.deepEqual(found.violations.map((each) => `${name}: ${each.id}`), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= 390), true, name);
  }
  await open("window");
  await page.locator("[name=stride]").focus();
  await page.keyboard.press("ArrowRight");
  await shows(/conv 1 k3 s3 nobias/);
});

test("without scripts or a server, the figure stays and the form is hidden", { skip }, async () => {
  const quiet = await browser.newPage({ javaScriptEnabled: false });
  await quiet.goto(`${server.url}batches.html`);
  assert.equal(await quiet.locator("form").isVisible(), false);
  assert.match(await quiet.locator("figcaption").textContent(), /1,500 steps per epoch/);
  await quiet.close();
});
