// The widget of notebooks as one module, archdsl/integrations/widget.js, which is installed with the package: whoever
// installs archdsl needs no Node.js. `node build/widget.mjs` writes it; `--check` reports whether it is up to date.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeLicenses } from "./licenses.mjs";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = resolve(web, "../archdsl/integrations");
const file = join(folder, "widget.js");

/** The files that the module is made of: tests/browser/test_widget_module.py computes the same digest. */
function sources() {
  const folders = ["src/editing", "src/widget"].flatMap((path) => readdirSync(join(web, path)).map((name) => `${path}/${name}`));
  return ["build/widget.mjs", "package-lock.json", "src/calls.ts", "src/lexer.mjs", "src/offsets.mjs", "src/protocol.ts", ...folders].sort();
}

function digest() {
  const hash = createHash("sha256");
  for (const name of sources()) hash.update(`${name}\0`).update(readFileSync(join(web, name))).update("\0");
  return hash.digest("hex");
}

export async function widgetModule() {
  const shared = { bundle: true, minify: true, write: false, logLevel: "warning", legalComments: "none" };
  const css = await build({ ...shared, entryPoints: [join(web, "src/widget/widget.css")], outfile: "widget.css" });
  const styles = { name: "styles", setup: ({ onLoad }) => onLoad({ filter: /widget\.css$/ }, () => ({ contents: css.outputFiles[0].text, loader: "text" })) };
  const js = await build({
    ...shared,
    entryPoints: [join(web, "src/widget/widget.ts")],
    outfile: "widget.js",
    format: "esm",
    target: "es2022",
    loader: { ".html": "text" },
    plugins: [styles],
  });
  const head = `// Built by \`node build/widget.mjs\` in web/, from the sources with this digest; do not edit.\n// ${digest()}\n`;
  return head + js.outputFiles[0].text;
}

const text = await widgetModule();
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== text) {
    console.error("archdsl/integrations/widget.js is out of date: run `node build/widget.mjs` in web/");
    process.exit(1);
  }
} else {
  writeFileSync(file, text);
  const only = (name) => /^(@codemirror|@lezer|@marijn|crelt|style-mod|w3c-keyname)/.test(name);
  writeLicenses(join(web, "package-lock.json"), join(web, "node_modules"), [], join(folder, "widget.licenses.txt"), only);
}
