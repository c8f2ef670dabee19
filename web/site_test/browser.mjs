// The browser of the tests: Chromium of the system, or the one that CHROMIUM names.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** The path of Chromium; undefined if there is none. */
export function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find((path) => existsSync(path));
  return process.env.CHROMIUM ?? found;
}

/** For node's tests: the reason to skip those that need a browser, or false. */
export const skip = findChromium() ? false : "Chromium is missing: install it, or set CHROMIUM to its path";

export function launch() {
  return chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
}
