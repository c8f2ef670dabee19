// Bundles the extension, and its parts without VS Code for the tests.
import { build } from "esbuild";
import { copyFileSync, mkdirSync } from "node:fs";

mkdirSync("syntaxes", { recursive: true });
copyFileSync("../../grammars/arch.tmLanguage.json", "syntaxes/arch.tmLanguage.json");
const shared = { bundle: true, platform: "node", target: "node20", logLevel: "warning" };
await build({ ...shared, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", format: "cjs", external: ["vscode"], minify: true });
await build({ ...shared, entryPoints: ["src/panel.ts"], outfile: "dist/panel.js", platform: "browser", target: "es2022", format: "iife", minify: true });
await build({ ...shared, entryPoints: ["src/command.ts", "src/panelHtml.ts"], outdir: "dist/parts", format: "esm", outExtension: { ".js": ".mjs" } });
