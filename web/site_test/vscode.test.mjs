// The side panel of the extension for VS Code in Chromium: its page and its script, with a function in place of VS
// Code's `acquireVsCodeApi`, and the answers of the language server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { launch, skip } from "./browser.mjs";
import { serve } from "./server.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";
const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
/** The variables of VS Code's default themes that the page uses. */
const COLORS = {
  light: "--vscode-editor-background:#fff;--vscode-foreground:#3b3b3b;--vscode-focusBorder:#005fb8;--vscode-button-background:#005fb8",
  dark: "--vscode-editor-background:#1f1f1f;--vscode-foreground:#ccc;--vscode-focusBorder:#0078d4;--vscode-button-background:#0078d4",
};
let browser, server, page_, previews;

before(async () => {
  if (skip) return;
  const folder = mkdtempSync(join(tmpdir(), "archdsl-panel-"));
  const source = `${ROOT}editors/vscode/src`;
  const shared = { bundle: true, logLevel: "warning" };
  await build({ ...shared, entryPoints: [`${source}/panel.ts`], outfile: join(folder, "panel.js"), format: "iife" });
  await build({ ...shared, entryPoints: [`${source}/panelHtml.ts`], outfile: join(folder, "panelHtml.mjs"), format: "esm" });
  server = await serve(folder);
  const { page } = await import(pathToFileURL(join(folder, "panelHtml.mjs")).href);
  page_ = (name) => writeFileSync(join(folder, "index.html"), page(name, `${server.url}panel.js`, server.url));
  previews = JSON.parse(execFileSync(PYTHON, ["web/site_test/previews.py"], { cwd: ROOT, env: { ...process.env, PYTHONPATH: ROOT }, maxBuffer: 1e9 }));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** A panel about one of the texts of previews.py; it answers what the page wants, as the extension does. */
async function open(text, { theme = "light", width = 500, name = "net.arch" } = {}) {
  page_(name);
  const context = await browser.newContext({ viewport: { width, height: 800 } });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && !/favicon/.test(message.location().url) && errors.push(message.text()));
  let current = text;
  const messages = [];
  const answer = () => page.evaluate((preview) => window.postMessage(preview, "*"), previews[`${current} ${messages.at(-1).view} ${messages.at(-1).theme}`]);
  await page.exposeFunction("toExtension", (message) => (messages.push(message), void answer()));
  await page.addInitScript(() => {
    let state;
    window.acquireVsCodeApi = () => ({ postMessage: (message) => window.toExtension(message), getState: () => state, setState: (given) => (state = given) });
  });
  // VS Code adds the theme's class and variables to the page.
  await page.addInitScript(([theme, colors]) => {
    document.addEventListener("readystatechange", () => {
      document.body?.classList.add(`vscode-${theme}`);
      document.documentElement.style.cssText = colors;
    });
  }, [theme, COLORS[theme]]);
  await page.goto(server.url);
  const change = (other) => ((current = other), answer());
  const close = async () => (await context.close(), assert.deepEqual(errors, []));
  return { page, messages, change, close };
}

const loaded = (page) => page.waitForFunction(() => document.querySelector("#diagram img")?.complete && document.querySelector("#diagram img").naturalWidth > 0);

test("the panel shows the diagram and the table", { skip }, async () => {
  const { page, messages, close } = await open("small");
  await loaded(page);
  assert.deepEqual(messages, [{ view: "layers", theme: "light" }]);
  assert.match(await page.locator("#table").textContent(), /conv 8 k3 +8×30×30/);
  assert.equal(await page.locator("#note").textContent(), "");
  await page.getByLabel("Stages").check();
  assert.deepEqual(messages.at(-1), { view: "stages", theme: "light" });
  await close();
});

test("during errors, the last diagram stays, marked as outdated, with the reason", { skip }, async () => {
  const { page, change, close } = await open("small");
  await loaded(page);
  await change("wrong");
  await page.locator("#note", { hasText: "a network with errors has no diagram" }).waitFor();
  assert.equal(await page.locator("#diagram.outdated img").count(), 1);
  assert.match(await page.locator("#table").textContent(), /fc 10 +10\?/);
  await change("small");
  await page.locator("#diagram:not(.outdated) img").waitFor();
  await close();
});

test("an update keeps the place that is scrolled to", { skip }, async () => {
  const { page, change, close } = await open("large");
  await loaded(page);
  await page.evaluate(() => window.scrollTo(0, 500));
  await change("large");
  await loaded(page);
  assert.equal(await page.evaluate(() => scrollY), 500);
  await close();
});

test("labels of a wide diagram stay legible, and only the diagram scrolls sideways", { skip }, async () => {
  for (const text of ["wide", "large"]) {
    const { page, close } = await open(text, { width: 300 });
    await loaded(page);
    await page.waitForFunction(() => document.querySelector("#diagram img").style.minWidth);
    const { shown, natural, scroll } = await page.evaluate(() => {
      const image = document.querySelector("#diagram img");
      return { shown: image.getBoundingClientRect().width, natural: image.naturalWidth, scroll: document.documentElement.scrollWidth };
    });
    assert.ok(shown >= 0.84 * natural);
    assert.ok(scroll <= 300, `${scroll}`);
    await close();
  }
});

test("markup in names and texts stays text", { skip }, async () => {
  const { page, close } = await open("evil", { name: "<script>alert(1)</script>.arch" });
  await page.locator("#table:not(:empty)").waitFor();
  assert.equal(await page.locator("script").count(), 1);
  assert.equal(await page.locator("h1").textContent(), "<script>alert(1)</script>.arch");
  assert.equal(await page.locator("#table img").count(), 0);
  await close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [300, 700]) {
    test(`axe finds no violations: ${theme}, ${width} px`, { skip }, async () => {
      const { page, messages, change, close } = await open("small", { theme, width });
      await loaded(page);
      await page.waitForFunction((theme) => document.body.classList.contains(`vscode-${theme}`), theme);
      await page.waitForTimeout(100);
      assert.equal(messages.at(-1).theme, theme);
      await page.evaluate(AXE);
      const check = async () => {
        const { violations } = await page.evaluate(() => window.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 200))]), []);
      };
      await check();
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/panel-${theme}-${width}.png` });
      await change("wrong");
      await page.locator("#diagram.outdated").waitFor();
      await check();
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/panel-${theme}-${width}-wrong.png` });
      await close();
    });
  }
}
