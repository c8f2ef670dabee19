// Builds what pages of the site load, in build/web: node build/site.mjs PACKAGES, the folder of the Python packages.
import { build } from "esbuild";
import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeLicenses } from "./licenses.mjs";
import { writePackages } from "./packages.mjs";

const web = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(web, "../build/web");
const archdsl = join(out, "archdsl");
const pyodide = join(web, "node_modules/pyodide");
const packages = process.argv[2];
if (!packages) {
  console.error("usage: node build/site.mjs PACKAGES");
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
writeLicenses(join(web, "package-lock.json"), join(web, "node_modules"), join(resolve(packages)), join(archdsl, "licenses.txt"));
