// The licenses of everything that the built pages contain, in one text.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAME = /^(licen[cs]e|copying|notice)/i;

/**
 * Write the licenses of the packages of npm that are not only for development, and of the Python packages in folders;
 * `only` selects the packages of npm.
 */
export function writeLicenses(lock, modules, folders, file, only = () => true) {
  const { packages: locked } = JSON.parse(readFileSync(lock, "utf8"));
  const parts = [];
  for (const [path, each] of Object.entries(locked)) {
    const package_ = path.replace(/^node_modules\//, "");
    if (!path || each.dev || each.optional || !only(package_)) continue;
    const folder = join(modules, package_);
    parts.push(part(package_, each.version, each.license ?? "see below", texts(folder)));
  }
  for (const [packages, name] of folders.flatMap((each) => distributions(each))) {
    const [title, version] = name.replace(".dist-info", "").split("-");
    const metadata = readFileSync(join(packages, name, "METADATA"), "utf8");
    const license = /^License(?:-Expression)?: (.+)$/m.exec(metadata)?.[1] ?? "see below";
    const folder = join(packages, name, "licenses");
    parts.push(part(title, version, license, existsSync(folder) ? texts(folder) : texts(join(packages, name))));
  }
  const head = "These files contain the following software.\n";
  writeFileSync(file, `${[head, ...parts].join(`\n${"=".repeat(79)}\n\n`)}`);
}

function distributions(folder) {
  return readdirSync(folder).filter((each) => each.endsWith(".dist-info")).sort().map((name) => [folder, name]);
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
