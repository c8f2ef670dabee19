// The playground in Chromium, in a subfolder, with fresh profiles.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { toFragment } from "../src/share.mjs";
import { launch, skip } from "./browser.mjs";
import { serve } from "./server.mjs";

const SITE = fileURLToPath(new URL("../../build/web", import.meta.url)) + "/";
const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const VALID = "net Small(width = 8)\ninput 3x32x32\nconv width k3; relu\ngap\nfc 10\n";
const WRONG = "input 1x32x32\nconv 6 k5\nfc 10\n";
const PATIENCE = 120_000;
let browser, server;

before(async () => {
  if (skip) return;
  server = await serve(SITE, "/docs/playground/");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

/** A page of a fresh profile with a text; errors of the page fail the test when it is closed. */
const open = async (text, options) => openFragment(await toFragment(text), options);

async function openFragment(fragment, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  // A busy machine needs more than playwright's 30 seconds.
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(server.url + fragment);
  return { page, context, close: async () => (await context.close(), assert.deepEqual(errors, [])) };
}

const verdict = (page, pattern) => page.locator("#verdict", { hasText: pattern }).waitFor();
const editor = (page) => page.locator(".cm-content");
/** The text of the editor as a user downloads it. */
async function downloaded(page, kind) {
  const waiting = page.waitForEvent("download");
  await page.click("#download");
  await page.click(`[data-download=${kind}]`);
  const download = await waiting;
  return { name: download.suggestedFilename(), data: readFileSync(await download.path()) };
}
const written = async (page) => String((await downloaded(page, "arch")).data);

test("typing changes the verdict, the table, and the diagram", { skip }, async () => {
  const { page, close } = await open(VALID);
  await verdict(page, "✓ Small: 3×32×32 → 10");
  await page.locator("#table td", { hasText: "8×30×30" }).first().waitFor();
  await page.locator("#diagram text", { hasText: "conv 8 3×3" }).waitFor();
  await editor(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("relu\nfc 7\n");
  await verdict(page, "✓ Small: 3×32×32 → 7");
  await page.locator("#table td", { hasText: "fc 7" }).waitFor();
  await page.locator("#diagram text", { hasText: "fc 7" }).waitFor();
  assert.equal(await page.locator(".shape-hint").last().textContent(), "→ 7");
  await close();
});

test("an error is underlined, explained, and fixed by its button", { skip }, async () => {
  const { page, close } = await open(WRONG);
  await verdict(page, "✗ 1 error");
  await page.locator(".cm-lintRange-error", { hasText: "fc" }).waitFor();
  const problem = page.locator("#problems li");
  assert.match(await problem.textContent(), /line 3:1 error E0403: fc needs a vector or a sequence, but gets 6×28×28/);
  assert.match(await problem.locator("a").getAttribute("href"), /diagnostics\.html#e0403$/);
  await problem.locator(".fixes button", { hasText: "Insert flatten" }).click();
  await verdict(page, "✓");
  assert.equal(await problem.count(), 0);
  assert.match(await written(page), /^input 1x32x32\nconv 6 k5\nflatten(; |\n)fc 10\n$/);
  await close();
});

test("the menu opens examples and the zoo, and undo brings back the text", { skip }, async () => {
  const { page, close } = await open(VALID);
  await verdict(page, "Small");
  await page.click("#open-menu");
  await page.fill("#search", "resnet152");
  await page.locator("#entries button:visible", { hasText: /^resnet152$/ }).click();
  await verdict(page, "ResNet: 3×224×224 → 1000");
  await page.keyboard.press("Control+z");
  await verdict(page, "Small");
  await page.click("#open-menu");
  await page.locator("#entries button", { hasText: /^digits$/ }).click();
  await verdict(page, "Digits");
  await close();
});

test("sliders and fields change sizes and parameters in the text", { skip }, async () => {
  const { page, close } = await open(VALID);
  await verdict(page, "Small");
  await page.getByLabel("width", { exact: true }).fill("16");
  await page.locator("#table td", { hasText: "16×30×30" }).first().waitFor();
  await page.getByLabel("height and width", { exact: true }).fill("48");
  await page.locator("#table td", { hasText: "16×46×46" }).first().waitFor();
  await page.getByLabel("height and width, slider").press("ArrowRight");
  await page.locator("#table td", { hasText: "16×47×47" }).first().waitFor();
  assert.equal(await written(page), VALID.replace("width = 8", "width = 16").replace("3x32x32", "3x49x49"));
  await close();
});

test("a slider keeps to the sizes without an error", { skip }, async () => {
  const { page, close } = await open("input 3x64x64\nconv 4 k1 as a\nmaxpool 4; upsample 4 as b\nconcat a b\n");
  await verdict(page, "✓");
  const slider = page.getByLabel("height and width, slider");
  await page.waitForFunction((slider) => slider.step === "4", await slider.elementHandle());
  await slider.press("ArrowRight");
  await verdict(page, "3×68×68");
  await page.getByLabel("height and width", { exact: true }).fill("70");
  await verdict(page, "✗");
  await close();
});

test("a text with symbolic dimensions is shown at a size, and with its symbols again", { skip }, async () => {
  const { page, close } = await open("net Any\ninput 3xHxW\nconv 8 k3 s2\nconv 8 k3\n");
  await verdict(page, "Any: 3×H×W → 8×⌊(H − 5)/2⌋");
  await page.locator("#sizes", { hasText: "Valid sizes: H and W ≥ 7" }).waitFor();
  const field = page.getByLabel("show at H =");
  await field.fill("32");
  await verdict(page, "Any: 3×32×224 → 8×13×109");
  await page.locator("#table td", { hasText: "8×15×111" }).waitFor();
  await field.fill("");
  await verdict(page, "Any: 3×H×W");
  await close();
});

test("a train block is checked with packages that are loaded for it", { skip }, async () => {
  const { page, close } = await open(`${VALID}train { data cifar10; optimizer sgdd }\n`);
  await verdict(page, "✗ 1 error");
  await page.locator("#problems .fixes button", { hasText: "Write sgd" }).click();
  await verdict(page, "✓ Small");
  assert.doesNotMatch(await page.locator("#totals").textContent(), /not checked/);
  await close();
});

test("downloads are SVG, PNG, PyTorch source and the text", { skip }, async () => {
  const { page, close } = await open(VALID);
  await verdict(page, "Small");
  const svg = await downloaded(page, "svg");
  assert.equal(svg.name, "small.svg");
  assert.match(String(svg.data), /^<\?xml[^]*<title[^>]*>Small<\/title>[^]*conv 8 3×3[^]*<\/svg>\n$/);
  const png = await downloaded(page, "png");
  assert.equal(png.name, "small.png");
  assert.deepEqual([...png.data.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  const points = Number(/width="([\d.]+)pt"/.exec(String(svg.data))[1]);
  assert.ok(Math.abs(png.data.readUInt32BE(16) - (points * 2 * 96) / 72) < 3);
  const source = await downloaded(page, "py");
  assert.equal(source.name, "small.py");
  assert.match(String(source.data), /class Small\(nn\.Module\)[^]*nn\.Conv2d\(3, /);
  await close();
});

test("a copied link opens the text in a fresh profile", { skip }, async () => {
  const special = `# ×, é, 한국어, 🧠 and "</script>"\n${VALID}`;
  const first = await open(special, { permissions: ["clipboard-read", "clipboard-write"] });
  await verdict(first.page, "Small");
  await editor(first.page).click();
  await first.page.keyboard.press("Control+End");
  await first.page.keyboard.type("fc 3\n");
  await verdict(first.page, "→ 3");
  await first.page.click("#share");
  await first.page.locator("#status", { hasText: "The link is copied" }).waitFor();
  const link = await first.page.evaluate(() => navigator.clipboard.readText());
  await first.close();
  const second = await openFragment(new URL(link).hash);
  await verdict(second.page, "→ 3");
  assert.equal(await written(second.page), `${special}fc 3\n`);
  await second.close();
});

test("errors behind characters outside the BMP are underlined where they are", { skip }, async () => {
  const { page, close } = await open(`# 🧠🧠🧠\n${WRONG.replace("conv 6 k5\n", "conv 6 k5 # 🧠\n")}`);
  await verdict(page, "✗ 1 error");
  assert.equal(await page.locator(".cm-lintRange-error").textContent(), "fc");
  await page.locator("#problems .fixes button").first().click();
  await verdict(page, "✓");
  await close();
});

const HOSTILE = {
  "no text": "#<script>alert(1)</script>",
  "a script as a name of the zoo": "#zoo:<img src=x onerror=alert(1)>",
  "a name that the zoo lacks": "#zoo:nothing",
  "damaged data": "#text/AAAA____",
  "megabytes": `#text/${"A".repeat(1_500_000)}`,
  "not UTF-8": "#text/____Pw8A",
};

for (const [what, fragment] of Object.entries(HOSTILE)) {
  test(`a hostile link only shows a message: ${what}`, { skip }, async () => {
    const { page, close } = await openFragment(fragment);
    let dialogs = 0;
    page.on("dialog", (dialog) => (dialogs++, dialog.dismiss()));
    await page.locator("#status.problem", { hasText: /^(The link cannot be opened|The zoo has no network)/ }).waitFor();
    await verdict(page, "LeNet5");
    assert.equal(await page.locator("#status.problem").count(), 1, "the message stays");
    assert.equal(dialogs, 0);
    await close();
  });
}

test("a bomb in a link is not unpacked", { skip }, async () => {
  // 100 MB of spaces, as 100 kB.
  const packed = await new Response(new Blob([" ".repeat(1e8)]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
  const fragment = `#text/${Buffer.from(packed).toString("base64url")}`;
  const { page, close } = await openFragment(fragment.slice(0, 90_000));
  await page.locator("#status.problem", { hasText: "The link cannot be opened: the text in the link has more than" }).waitFor();
  await verdict(page, "LeNet5");
  await close();
});

test("markup and scripts in a text stay text", { skip }, async () => {
  const evil = `net N\ninput 3x8x8\nstage "<img src=x onerror=alert(1)>" { conv 4 k3 }\nconv 4 k3 as <script>alert(1)</script>\nblock b(c) { relu }\nrelu # </style><script>alert(1)</script>\n`;
  const { page, close } = await open(evil);
  let dialogs = 0;
  page.on("dialog", (dialog) => (dialogs++, dialog.dismiss()));
  await verdict(page, "✗");
  await page.locator("#problems li").first().waitFor();
  assert.equal(await page.evaluate(() => document.querySelectorAll("main script, main img").length), 0);
  assert.equal(dialogs, 0);
  await close();
});

test("a text that needs too much only shows a message, and the page goes on", { skip }, async () => {
  const bomb = `input 3x8x8\n${"repeat 400 { repeat 400 { conv 8 k3 same; bn; relu } }\n".repeat(40)}`;
  const { page, close } = await open(bomb);
  await page.waitForFunction(() => document.querySelector("#problems li, #status.problem"), null, { timeout: PATIENCE });
  await editor(page).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("input 8; fc 2");
  await verdict(page, "8 → 2");
  await close();
});

test("it works offline once it is loaded", { skip }, async () => {
  const { page, context, close } = await open(VALID);
  await verdict(page, "Small");
  await page.evaluate(async () => (await navigator.serviceWorker.ready).active.state);
  await page.waitForFunction(() => navigator.serviceWorker.controller, null, { timeout: PATIENCE });
  await context.setOffline(true);
  await page.reload();
  await verdict(page, "Small");
  await page.locator("#diagram svg").waitFor();
  await context.setOffline(false);
  await close();
});

test("everything comes from the site itself", { skip }, async () => {
  const { page, close } = await open(VALID);
  const foreign = [];
  page.on("request", (request) => !request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url()) && foreign.push(request.url()));
  await verdict(page, "Small");
  await page.locator("#diagram svg").waitFor();
  assert.deepEqual(foreign, []);
  await close();
});

test("a phone shows everything without scrolling sideways", { skip }, async () => {
  const { page, close } = await openFragment("#zoo:resnet50", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await verdict(page, "ResNet");
  for (const view of ["table", "diagram", "source"]) {
    await page.locator(`#views label:has(input[value=${view}])`).tap();
    await page.locator(`#${view}:not(:empty)`).waitFor();
    const { width, scroll } = await page.evaluate(() => ({ width: innerWidth, scroll: document.documentElement.scrollWidth }));
    assert.ok(scroll <= width, `${view}: ${scroll} > ${width}`);
  }
  await close();
});

test("the keyboard alone reaches and does everything", { skip }, async () => {
  const { page, close } = await open(WRONG);
  await verdict(page, "✗ 1 error");
  await page.locator("#problems .fixes button").first().waitFor();
  const reached = [];
  await page.evaluate(() => document.body.focus());
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      return at.id || at.className.split(" ")[0] || at.textContent.slice(0, 20);
    });
    if (reached.includes(name) && name === reached[0]) break;
    reached.push(name);
  }
  for (const each of ["open-menu", "format", "share", "download", "theme", "cm-content", "where", "table", "cursor", "diagram"]) {
    assert.ok(reached.includes(each), `${each} is not reached: ${reached}`);
  }
  await editor(page).focus();
  await page.keyboard.press("Control+.");
  await verdict(page, "✓");
  await page.focus("#open-menu");
  await page.keyboard.press("Enter");
  await page.keyboard.type("digits");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await verdict(page, "Digits");
  assert.equal(await page.locator("#menu[open]").count(), 0);
  await page.focus("#theme");
  const before = await page.evaluate(() => document.documentElement.dataset.theme);
  await page.keyboard.press("Space");
  assert.notEqual(await page.evaluate(() => document.documentElement.dataset.theme), before);
  await close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const [what, width] of [["desktop", 1440], ["phone", 390]]) {
    test(`axe finds no violations: ${what}, ${colorScheme}`, { skip }, async () => {
      const { page, close } = await open(WRONG, { colorScheme, viewport: { width, height: 850 }, bypassCSP: true });
      await verdict(page, "✗");
      await page.locator("#problems .fixes button").first().waitFor();
      await page.addScriptTag({ content: AXE });
      const check = async () => {
        const { violations } = await page.evaluate(() => window.axe.run());
        assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 200))]), []);
      };
      await check();
      await page.locator("#problems .fixes button").first().click();
      await verdict(page, "✓");
      await page.evaluate(() => document.querySelector("input[name=view][value=diagram]").click());
      await page.locator("#diagram svg").waitFor();
      await check();
      await page.evaluate(() => document.querySelector("input[name=view][value=source]").click());
      await page.locator("#source", { hasText: "class" }).waitFor();
      await check();
      await page.click("#open-menu");
      await page.locator("#entries button", { hasText: "resnet18" }).waitFor();
      await check();
      await close();
    });
  }
}
