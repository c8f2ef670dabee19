// The widget of notebooks in Chromium: its module with a model in place of anywidget's, and its Python side as a process.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, skip } from "./browser.mjs";
import { serve } from "./server.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";
const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const VALID = "net Small(width = 8)\ninput 3x32x32\nconv width k3; relu\ngap\nfc 10\n";
const WRONG = "input 1x32x32\nconv 6 k5\nfc 10\n";
const kernels = [];
let browser, server;

before(async () => {
  if (skip) return;
  server = await serve(ROOT);
  browser = await launch();
});

after(async () => {
  for (const kernel of kernels) kernel.kill();
  await browser?.close();
  await server?.close();
});

/** A page with views of one widget, as a notebook shows them. */
async function open(text, { views = 1, width = 1100, ...options } = {}) {
  const kernel = spawn(PYTHON, ["web/site_test/kernel.py", text], { cwd: ROOT, env: { ...process.env, PYTHONPATH: [ROOT, process.env.PYTHONPATH].filter(Boolean).join(delimiter) }, stdio: ["pipe", "pipe", "inherit"] });
  kernels.push(kernel);
  const lines = createInterface({ input: kernel.stdout })[Symbol.asyncIterator]();
  const { state } = JSON.parse((await lines.next()).value);
  const context = await browser.newContext({ viewport: { width, height: 900 }, ...options });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  let held = null;
  const toKernel = (message) => (held ? held.push(message) : kernel.stdin.write(`${JSON.stringify(message)}\n`));
  await page.exposeFunction("toKernel", toKernel);
  const body = `<!doctype html><html lang="en"><title>Notebook</title><link rel="icon" href="data:,"><header><h1>Notebook</h1></header>${"<div class=view></div>".repeat(views)}`;
  await page.route("**/notebook.html", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(`${server.url}notebook.html`);
  await page.evaluate(
    async ([state, url]) => {
      const listeners = {};
      const emit = (name, message) => (listeners[name] ?? []).forEach((each) => each(message));
      window.fromKernel = ({ method, state: change, content }) => {
        if (method === "custom") return emit("msg:custom", content);
        if (method === "echo_update") return; // of a change that this page made
        Object.assign(state, change);
        if ("text" in change) emit("change:text");
      };
      const model = {
        get: (name) => state[name],
        set: (name, value) => ((state[name] = value), emit(`change:${name}`)),
        save_changes: () => window.toKernel({ method: "update", state: { text: state.text }, buffer_paths: [] }),
        send: (content) => window.toKernel({ method: "custom", content }),
        on: (name, callback) => (listeners[name] ??= []).push(callback),
        off: (name, callback) => (listeners[name] = listeners[name].filter((each) => each !== callback)),
      };
      window.listeners = listeners;
      const widget = (await import(url)).default;
      window.removers = [...document.querySelectorAll(".view")].map((el) => widget.render({ model, el }));
    },
    [state, `${server.url}archdsl/integrations/widget.js`],
  );
  const passing = (async () => {
    for await (const line of lines) await page.evaluate((message) => window.fromKernel(message), JSON.parse(line)).catch(() => undefined);
  })();
  return {
    page,
    view: page.locator(".view"),
    toKernel,
    hold: () => (held = []),
    release: () => {
      const waiting = held;
      held = null;
      waiting.forEach(toKernel);
    },
    close: async () => {
      kernel.stdin.end();
      await passing;
      await context.close();
      assert.deepEqual(errors, []);
    },
  };
}

const verdict = (view, pattern) => view.locator("#verdict", { hasText: pattern }).waitFor();

test("the module is that of its sources", () => {
  execFileSync(process.execPath, ["build/widget.mjs", "--check"], { cwd: `${ROOT}web` });
});

test("typing changes the verdict, the table, the diagram, and the text in Python", { skip }, async () => {
  const { page, view, close } = await open(VALID);
  await verdict(view, "✓ Small: 3×32×32 → 10");
  await view.locator("#table td", { hasText: "8×30×30" }).first().waitFor();
  await view.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("relu\nfc 7\n");
  await verdict(view, "→ 7");
  assert.equal(await view.locator(".shape-hint").last().textContent(), "→ 7");
  await view.locator("#views label", { hasText: "Diagram" }).click();
  await view.locator("#diagram text", { hasText: "fc 7" }).waitFor();
  await view.locator("#views label", { hasText: "PyTorch" }).click();
  await view.locator("#source", { hasText: "nn.Linear(10, 7)" }).waitFor();
  await close();
});

test("an error is underlined, explained, and fixed by its button", { skip }, async () => {
  const { view, close } = await open(WRONG);
  await verdict(view, "✗ 1 error");
  await view.locator(".cm-lintRange-error", { hasText: "fc" }).waitFor();
  const problem = view.locator("#problems li");
  assert.match(await problem.textContent(), /line 3:1 error E0403: fc needs a vector or a sequence, but gets 6×28×28/);
  assert.equal(await problem.locator("a").count(), 0, "a notebook has no documentation beside it");
  await problem.locator(".fixes button", { hasText: "Insert flatten" }).click();
  await verdict(view, "✓");
  await close();
});

test("completion, hover, and sliders are those of the playground", { skip }, async () => {
  const { page, view, close } = await open(VALID);
  await verdict(view, "✓");
  await view.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("soft");
  await view.locator(".cm-tooltip-autocomplete li", { hasText: "softmax" }).first().waitFor();
  await page.waitForTimeout(300); // CodeMirror ignores Enter in the first 75 ms of a list
  await page.keyboard.press("Enter");
  await view.locator("#table td", { hasText: "softmax" }).waitFor();
  await view.locator(".cm-line", { hasText: "conv width" }).hover({ position: { x: 12, y: 8 } });
  await view.locator(".cm-tooltip-hover", { hasText: "3×32×32 → 8×30×30" }).waitFor();
  await view.getByLabel("width", { exact: true }).fill("16");
  await view.locator("#table td", { hasText: "16×30×30" }).first().waitFor();
  await close();
});

test("views of one widget have the same text, and Python sets it", { skip }, async () => {
  const { page, view, toKernel, close } = await open(VALID, { views: 2 });
  const [first, second] = [view.nth(0), view.nth(1)];
  await verdict(first, "→ 10");
  await verdict(second, "→ 10");
  await first.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("fc 4");
  await verdict(first, "→ 4");
  await verdict(second, "→ 4");
  toKernel({ set: "input 8; fc 3" });
  await verdict(first, "8 → 3");
  await verdict(second, "8 → 3");
  await page.evaluate(() => window.removers.forEach((remove) => remove()));
  assert.equal(await page.evaluate(() => Object.values(window.listeners).flat().length), 0);
  await close();
});

test("while the kernel runs a cell, the widget says that it waits", { skip }, async () => {
  const { page, view, hold, release, close } = await open(VALID);
  await verdict(view, "→ 10");
  await view.locator("#cursor:not(:empty)").waitFor();
  hold();
  await view.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("fc 4");
  await view.locator("#status", { hasText: "Waiting for the kernel" }).waitFor();
  release();
  await verdict(view, "→ 4");
  await view.locator("#status:empty").waitFor({ state: "attached" });
  await close();
});

test("keys stay in the widget, where notebooks have shortcuts", { skip }, async () => {
  const { page, view, close } = await open(VALID);
  await verdict(view, "→ 10");
  await page.evaluate(() => document.body.addEventListener("keydown", () => (window.heard = (window.heard ?? 0) + 1)));
  await view.locator(".cm-content").click();
  await page.keyboard.type("dd");
  assert.equal(await page.evaluate(() => window.heard), undefined);
  assert.equal(await view.getAttribute("data-lm-suppress-shortcuts"), "true");
  await close();
});

test("markup and scripts in a text stay text", { skip }, async () => {
  const evil = `net N\ninput 3x8x8\nstage "<img src=x onerror=alert(1)>" { conv 4 k3 }\nconv 4 k3 as <script>alert(1)</script>\nrelu # </style><script>alert(1)</script>\n`;
  const { view, close } = await open(evil);
  await verdict(view, "✗");
  await view.locator("#problems li").first().waitFor();
  assert.equal(await view.locator("script, img").count(), 0);
  await close();
});

for (const theme of ["light", "dark"]) {
  for (const width of [1100, 390]) {
    test(`axe finds no violations, and nothing is cut off: ${theme}, ${width} px`, { skip }, async () => {
      const { page, view, close } = await open(WRONG, { width });
      await page.evaluate((theme) => (document.body.dataset.jpThemeLight = String(theme === "light")), theme);
      await verdict(view, "✗");
      await view.locator("#problems .fixes button").first().waitFor();
      assert.equal(await view.getAttribute("data-theme"), theme);
      await page.addScriptTag({ content: AXE });
      const check = async () => {
        const { violations } = await page.evaluate(() => window.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 200))]), []);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      };
      await check();
      await view.locator("#problems .fixes button").first().click();
      await verdict(view, "✓");
      for (const name of ["Diagram", "PyTorch"]) {
        await view.locator("#views label", { hasText: name }).click();
        await view.locator("#diagram svg, #source:not(:empty)").first().waitFor({ state: "attached" });
        await check();
      }
      if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/widget-${theme}-${width}.png`, fullPage: true });
      await close();
    });
  }
}
