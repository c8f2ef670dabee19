import assert from "node:assert/strict";
import { test } from "node:test";
import { failure, serverCommand } from "../dist/parts/command.mjs";

const none = { command: [], pedantic: false };

test("the command that is set comes first", () => {
  const found = serverCommand({ command: ["python3", "-m", "archdsl"], pedantic: true }, ["/w"], () => true, "linux");
  assert.deepEqual(found, { command: "python3", args: ["-m", "archdsl", "lsp", "--pedantic"] });
});

test("then the environment of a workspace folder", () => {
  const exists = (path) => path === "/b/.venv/bin/archdsl";
  assert.deepEqual(serverCommand(none, ["/a", "/b"], exists, "linux"), { command: "/b/.venv/bin/archdsl", args: ["lsp"] });
  const windows = serverCommand(none, ["C:\\w"], (path) => path === "C:\\w\\.venv\\Scripts\\archdsl.exe", "win32");
  assert.equal(windows.command, "C:\\w\\.venv\\Scripts\\archdsl.exe");
});

test("then the PATH", () => {
  assert.deepEqual(serverCommand(none, ["/a"], () => false, "linux"), { command: "archdsl", args: ["lsp"] });
  assert.deepEqual(serverCommand({ command: [" "], pedantic: false }, [], () => true, "linux").command, "archdsl");
});

test("a failure names the command and how to install it", () => {
  const text = failure({ command: "archdsl", args: ["lsp"] }, "ENOENT");
  assert.match(text, /archdsl lsp.*ENOENT.*pip install "archdsl\[lsp\]"/);
});
