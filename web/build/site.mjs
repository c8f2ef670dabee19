// Builds what pages of the site load, in build/web: node build/site.mjs PACKAGES TRAINING RULES, the folders of the
// Python packages, those of the check of `train` blocks apart, and the file with the rules of the lexer.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeLicenses } from "./licenses.mjs";
import { writeServiceWorker } from "./offline.mjs";
import { writePackages } from "./packages.mjs";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(web, "../build/web");
const archdsl = join(out, "archdsl");
const pyodide = join(web, "node_modules/pyodide");
const [packages, training, rules] = process.argv.slice(2);
if (!rules) {
  console.error("usage: node build/site.mjs PACKAGES TRAINING RULES");
  process.exit(2);
}

mkdirSync(join(archdsl, "pyodide"), { recursive: true });
for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]) {
  copyFileSync(join(pyodide, name), join(archdsl, "pyodide", name));
}
const shared = { bundle: true, format: "esm", target: "es2022", minify: true, logLevel: "warning", legalComments: "none" };
await build({
  ...shared,
  entryPoints: { archdsl: join(web, "src/archdsl.ts"), worker: join(web, "src/worker.ts") },
  outdir: archdsl,
});
await build({ ...shared, entryPoints: { graphviz: join(web, "node_modules/@hpcc-js/wasm-graphviz/dist/index.js") }, outdir: archdsl });
await writePackages(resolve(packages), join(archdsl, "packages.zip"), true);
await writePackages(resolve(training), join(archdsl, "training.zip"), false);
const folders = [resolve(packages), resolve(training)];
writeLicenses(join(web, "package-lock.json"), join(web, "node_modules"), folders, join(archdsl, "licenses.txt"));

const playground = join(web, "src/playground");
await build({
  ...shared,
  entryPoints: [join(playground, "main.ts")],
  outfile: join(out, "playground.js"),
  alias: { "lexer-rules": resolve(rules) },
  loader: { ".arch": "text" },
});
await build({ entryPoints: [join(playground, "playground.css")], outfile: join(out, "playground.css"), bundle: true, minify: true, logLevel: "warning" });
copyFileSync(join(playground, "icon.svg"), join(out, "icon.svg"));
const main = readFileSync(join(web, "src/editing/main.html"), "utf8");
writeFileSync(join(out, "index.html"), readFileSync(join(playground, "index.html"), "utf8").replace("<!-- session -->", () => main));
// Last, because it lists the files.
writeServiceWorker(join(playground, "sw.js"), out);
