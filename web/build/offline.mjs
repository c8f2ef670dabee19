// The service worker, with the names of all files of a folder and a digest of their contents.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

export function writeServiceWorker(source, folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && each.name !== "sw.js" && !each.name.endsWith(".stamp"))
    .map((each) => relative(folder, join(each.parentPath, each.name)).split(sep).join("/"))
    .sort();
  const hash = createHash("sha256");
  for (const name of names) hash.update(name).update(readFileSync(join(folder, name)));
  const files = ["./", ...names];
  const text = readFileSync(source, "utf8")
    .replace("/* files */ []", JSON.stringify(files))
    .replace('/* digest */ ""', JSON.stringify(hash.digest("hex").slice(0, 16)));
  writeFileSync(join(folder, "sw.js"), text);
}
