// The HTML page of `archdsl diagram`, opened from a file without a network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { launch, skip } from "./browser.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PYTHON = process.env.PYTHON ?? "python3";
const FOLDER = mkdtempSync(join(tmpdir(), "archdsl-viewer-"));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const BLOCKS = "block unit { residual { conv 8 k3 p1; bn; relu; conv 8 k1 } }\ninput 8x8x8\nrepeat 1000 { unit }\ngap; fc 2";
let browser;

before(async () => {
  if (!skip) browser = await launch();
});

after(() => browser?.close());

/** A page that `archdsl diagram` writes with these arguments, opened; it fails the test if it loads or logs anything. */
async function opened(t, words, options = {}) {
  const file = join(FOLDER, `${Math.random().toString(36).slice(2)}.html`);
  execFileSync(PYTHON, ["-m", "archdsl", "diagram", ...words, "-o", file], { cwd: ROOT });
  const context = await browser.newContext({ viewport: { width: 1300, height: 850 }, offline: true, ...options });
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => wrong.push(message.text()));
  page.on("request", (request) => request.url() !== url && wrong.push(request.url()));
  page.on("dialog", (dialog) => (wrong.push("a dialog"), dialog.dismiss()));
  await page.goto(url);
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  return page;
}

/** The number of boxes and closed frames; only those in the window are in the document, so everything is made to fit. */
const units = async (page) => {
  await page.evaluate(() => document.getElementById("fit-all").click());
  return page.locator("#figure .unit:not(.open)").count();
};
const transform = (page) => page.locator("#figure .drawing").getAttribute("transform");
const current = (page) => page.locator('#outline [aria-selected="true"]').textContent();
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("role"));

test("it zooms and moves", { skip }, async (t) => {
  const page = await opened(t, ["zoo:resnet18"]);
  const [start, box] = [await transform(page), await page.locator("#figure").boundingBox()];
  await page.mouse.move(box.x + 200, box.y + 300);
  await page.mouse.wheel(0, 100);
  const lower = await transform(page);
  assert.notEqual(lower, start);
  const scale = async () => Number(/scale\(([\d.]+)\)/.exec(await transform(page))[1]);
  const before = await scale();
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  assert.ok((await scale()) > before);
  const zoomed = await transform(page);
  await page.mouse.down();
  await page.mouse.move(box.x + 260, box.y + 340, { steps: 4 });
  await page.mouse.up();
  assert.notEqual(await transform(page), zoomed);
  await page.click("#fit-all");
  const all = await page.locator("#figure .unit").evaluateAll((found) => found.map((each) => each.getBoundingClientRect().toJSON()));
  for (const each of all) assert.ok(each.top >= box.y - 4 && each.bottom <= box.y + box.height + 4);
});

test("blocks and stages open and close", { skip }, async (t) => {
  const page = await opened(t, ["zoo:resnet18", "--view", "stages"]);
  const closed = await units(page);
  const stage = page.locator("#figure .unit:not(.open)", { hasText: "layer2" });
  await stage.dblclick();
  assert.ok((await units(page)) > closed);
  await page.locator("#outline [role=treeitem]", { hasText: "layer2" }).locator(".fold").click();
  assert.equal(await units(page), closed);
  await page.click("#fold-none");
  const open = await units(page);
  await page.click("#fold-blocks");
  const blocks = await units(page);
  assert.ok(closed < blocks && blocks < open, `${closed} < ${blocks} < ${open}`);
});

test("the keyboard is enough", { skip }, async (t) => {
  const page = await opened(t, ["zoo:resnet18", "--view", "stages"]);
  await page.keyboard.press("/");
  assert.equal(await focused(page), "search");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "treeitem");
  for (const key of ["Home", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
  assert.equal(await current(page), "layer1");
  const item = page.locator('#outline [aria-selected="true"]');
  assert.equal(await item.getAttribute("aria-expanded"), "false");
  await page.keyboard.press("ArrowRight");
  assert.equal(await item.getAttribute("aria-expanded"), "true");
  await page.keyboard.press("ArrowRight");
  assert.equal(await current(page), "unit ×2");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await item.getAttribute("aria-expanded"), "false");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "figure");
  await page.keyboard.press("ArrowDown");
  assert.match(await page.locator("#said").textContent(), /^layer2, .*output 128×28×28, .*parameters 525,568/);
  const closed = await units(page);
  await page.keyboard.press("Enter");
  assert.ok((await units(page)) > closed);
  const before = await transform(page);
  await page.keyboard.press("+");
  assert.notEqual(await transform(page), before);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "PRE");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("#source .current").count() > 0, true);
});

test("a search finds layers in closed blocks", { skip }, async (t) => {
  const page = await opened(t, ["zoo:resnet18", "--view", "stages"]);
  await page.fill("#search", "layer3 conv 128x28x28");
  assert.equal(await page.locator("#found").textContent(), "0 found");
  await page.fill("#search", "layer3 conv 256x14x14");
  assert.match(await page.locator("#found").textContent(), /^\d+ found$/);
  await page.press("#search", "Enter");
  assert.match(await page.locator("#found").textContent(), /^1 of \d+ found$/);
  const box = await page.locator("#figure .selected").boundingBox();
  const figure = await page.locator("#figure").boundingBox();
  assert.ok(box.x >= figure.x && box.y >= figure.y && box.y + box.height <= figure.y + figure.height);
  assert.match(await page.locator("#details h2").textContent(), /conv 256/);
});

test("hovering shows the facts of a layer and its statement", { skip }, async (t) => {
  const page = await opened(t, ["examples/lenet5.arch"]);
  const box = page.locator("#figure .unit:not(.open)", { hasText: "conv 16" });
  await box.hover();
  const tooltip = await page.locator("#tooltip").innerText();
  for (const fact of ["16×10×10", "2,416 parameters", "240,000 MACs", "features.conv2", "line"]) assert.ok(tooltip.includes(fact), tooltip);
  assert.deepEqual(await page.locator("#source .hovered").allTextContents(), ["conv 16 k5", "tanh"]);
  await page.locator("#source .statement", { hasText: "conv 120" }).hover();
  assert.match(await page.locator("#figure .linked").textContent(), /^conv 120/);
  await page.locator("#source .statement", { hasText: "fc 84" }).click();
  assert.match(await page.locator("#details h2").textContent(), /^fc 84/);
});

for (const scheme of ["light", "dark"]) {
  test(`it follows a ${scheme} page, and axe finds nothing`, { skip }, async (t) => {
    const page = await opened(t, ["zoo:gpt2"], { colorScheme: scheme });
    const color = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(color, scheme === "dark" ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)");
    const fill = await page.locator("#figure .kind-attention").first().evaluate((each) => getComputedStyle(each).fill);
    assert.equal(fill, scheme === "dark" ? "rgb(30, 122, 89)" : "rgb(68, 187, 153)");
    await page.locator("#outline [role=treeitem]").nth(2).click();
    await page.evaluate(AXE);
    const found = await page.evaluate(async () => (await window.axe.run()).violations.map((each) => [each.id, each.nodes.map((node) => node.html)]));
    assert.deepEqual(found, []);
  });
}

test("it fits a phone", { skip }, async (t) => {
  const page = await opened(t, ["zoo:resnet18"], { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  await page.locator("#figure .unit:not(.open)").nth(1).tap();
  assert.notEqual(await page.locator("#details dl").count(), 0);
});

test("paper has every box, in columns", { skip }, async (t) => {
  const page = await opened(t, ["zoo:resnet50"], { colorScheme: "dark" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.ok((await page.locator("#figure .column").count()) > 1);
  assert.equal(await page.locator("#figure .drawing .unit:not(.open)").count(), await page.locator("#outline [role=treeitem]:not([aria-expanded])").count() + 4);
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
  assert.equal(await page.locator("[role=toolbar]").isVisible(), false);
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  assert.equal(await page.locator("#figure .column").count(), 0);
});

test("names are text", { skip }, async (t) => {
  const names = ['<img src=x onerror="alert(1)">', "</script><script>alert(2)</script>", "&lt;b&gt;"];
  for (const name of names) {
    const page = await opened(t, ["-e", "input 3x8x8; stage body { conv 4 k3 }; gap; fc 2", "--title", name]);
    assert.equal(await page.title(), name);
    assert.equal(await page.locator("h1").textContent(), name);
    assert.equal(await page.locator("img, h1 script, h1 b").count(), 0);
  }
});

test("a thousand blocks stay usable", { skip }, async (t) => {
  const page = await opened(t, ["-e", BLOCKS, "--no-fold"]);
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const open = await page.evaluate(async () => {
    const start = performance.now();
    document.getElementById("fold-none").click();
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return performance.now() - start;
  });
  // Only what is in the window is in the document.
  assert.ok((await page.locator("#figure .unit").count()) < 200);
  const frames = await page.evaluate(async () => {
    const times = [];
    for (let step = 0; step < 60; step += 1) {
      const start = performance.now();
      document.getElementById("figure").dispatchEvent(new WheelEvent("wheel", { deltaY: 300, cancelable: true }));
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b);
  });
  assert.ok((await page.locator("#figure .unit").count()) < 200);
  t.diagnostic(`first paint ${paint?.toFixed(0)} ms; open everything ${open.toFixed(0)} ms; pan ${frames[30].toFixed(0)} ms a frame, at most ${frames[59].toFixed(0)} ms`);
});
