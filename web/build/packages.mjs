// Python packages of the worker as an archive: compiled, so that a page need not do it.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadPyodide, version } from "pyodide";

const READ = ["modules.py", "attention_module.py"];

const COMPILE = `
import compileall, os, shutil, sys
from py_compile import PycInvalidationMode

shutil.copytree("/given", "/archdsl/packages")
done = compileall.compile_dir(
    "/archdsl/packages", quiet=1, legacy=True, stripdir="/archdsl/packages", optimize=0,
    invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
)
assert done, "the packages cannot be compiled"
for folder, _, names in os.walk("/archdsl/packages"):
    for name in names:
        # Printed PyTorch source includes code of these files.
        if name.endswith(".py") and not (folder.endswith("/archdsl/backends") and name in ${JSON.stringify(READ)}):
            os.remove(os.path.join(folder, name))

`;

/** The parser's tables, which belong to the archive with archdsl itself. */
const CACHE = `
os.environ["ARCHDSL_CACHE"] = "/archdsl/cache"
sys.path.insert(0, "/archdsl/packages")
from archdsl.browser.page_calls import start
start()
assert os.listdir("/archdsl/cache"), "the parser's tables are not cached"
`;

// Written by hand, with one date for all files: the same packages give the same bytes.
const PACK = `
import zipfile

with zipfile.ZipFile("/packages.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    found = sorted(os.path.join(folder, name) for folder, _, names in os.walk("/archdsl") for name in names)
    for path in found:
        if "__pycache__" in path:
            continue
        info = zipfile.ZipInfo(os.path.relpath(path, "/archdsl"), (2020, 1, 1, 0, 0, 0))
        info.external_attr = 0o644 << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        with open(path, "rb") as file:
            archive.writestr(info, file.read())
`;

/** Write the archive of the packages in a folder, unless it was made from the same files; `isFirst`: with archdsl itself. */
export async function writePackages(folder, archive, isFirst) {
  const stamp = `${archive}.stamp`;
  const digest = fingerprint(folder);
  if (existsSync(archive) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  console.log("Compiling the Python packages with Pyodide's Python");
  const python = await loadPyodide();
  python.FS.mkdirTree("/given");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/given");
  python.runPython(COMPILE);
  if (isFirst) python.runPython(CACHE);
  python.runPython(PACK);
  writeFileSync(archive, python.FS.readFile("/packages.zip"));
  writeFileSync(stamp, digest);
}

function fingerprint(folder) {
  const hash = createHash("sha256").update(version).update(COMPILE).update(CACHE).update(PACK);
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .sort()) {
    hash.update(name.slice(folder.length)).update(readFileSync(name));
  }
  return hash.digest("hex");
}
