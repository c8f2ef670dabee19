// Reads fragments from stdin as JSON, and writes what they name.
import { readFileSync } from "node:fs";
import { fromFragment } from "../src/share.mjs";

const fragments = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(fragments.map(fromFragment))));
