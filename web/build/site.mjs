// Builds what pages of the site load, in build/web: node build/site.mjs PACKAGES RULES, the folder of
// the Python packages and the file with the rules of the lexer.
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeLicenses } from "./licenses.mjs";
import { writeServiceWorker } from "./offline.mjs";
import { writePackages } from "./packages.mjs";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(web, "../build/web");
const archdsl = join(out, "archdsl");
const pyodide = join(web, "node_modules/pyodide");
const [packages, rules] = process.argv.slice(2);
if (!rules) {
  console.error("usage: node build/site.mjs PACKAGES RULES");
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
await writePackages(resolve(packages), join(archdsl, "packages.zip"));
writeLicenses(join(web, "package-lock.json"), join(web, "node_modules"), resolve(packages), join(archdsl, "licenses.txt"));

const playground = join(web, "src/playground");
await build({
  ...shared,
  entryPoints: [join(playground, "main.ts")],
  outfile: join(out, "playground.js"),
  alias: { "lexer-rules": resolve(rules) },
  loader: { ".arch": "text" },
});
await build({ entryPoints: [join(playground, "playground.css")], outfile: join(out, "playground.css"), minify: true, logLevel: "warning" });
for (const name of ["index.html", "icon.svg"]) copyFileSync(join(playground, name), join(out, name));
// Last, because it lists the files.
writeServiceWorker(join(playground, "sw.js"), out);
