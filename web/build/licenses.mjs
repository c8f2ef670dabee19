// The licenses of everything that the built pages contain, in one text.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAME = /^(licen[cs]e|copying|notice)/i;

/** Write the licenses of the packages of npm that are not only for development, and of the Python packages. */
export function writeLicenses(lock, modules, packages, file) {
  const { packages: locked } = JSON.parse(readFileSync(lock, "utf8"));
  const parts = [];
  for (const [path, each] of Object.entries(locked)) {
    if (!path || each.dev || each.optional) continue;
    const folder = join(modules, path.replace(/^node_modules\//, ""));
    parts.push(part(path.replace(/^node_modules\//, ""), each.version, each.license ?? "see below", texts(folder)));
  }
  for (const name of readdirSync(packages).filter((each) => each.endsWith(".dist-info")).sort()) {
    const [title, version] = name.replace(".dist-info", "").split("-");
    const metadata = readFileSync(join(packages, name, "METADATA"), "utf8");
    const license = /^License(?:-Expression)?: (.+)$/m.exec(metadata)?.[1] ?? "see below";
    const folder = join(packages, name, "licenses");
    parts.push(part(title, version, license, existsSync(folder) ? texts(folder) : texts(join(packages, name))));
  }
  const head = "The pages of this site that run archdsl contain the following software.\n";
  writeFileSync(file, `${[head, ...parts].join(`\n${"=".repeat(79)}\n\n`)}`);
}

function part(name, version, license, found) {
  return `${name} ${version} (${license})\n${found.map((text) => `\n${text.trim()}\n`).join("")}`;
}

function texts(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
}
