// The worker: archdsl in Pyodide. It answers one call after the other, as JSON.
import type { Message, Request } from "./protocol";

interface Pyodide {
  unpackArchive(buffer: ArrayBuffer, format: string, options: { extractDir: string }): void;
  pyimport(name: string): any;
  runPython(code: string): any;
}

const base = new URL(".", self.location.href);
const send = (message: Message) => (self as unknown as { postMessage(message: Message): void }).postMessage(message);

let pyCall: (name: string, given: string) => string;
let renderer: Promise<void> | undefined;
let training: Promise<void> | undefined;
let python: Pyodide;

async function bytes(name: string): Promise<ArrayBuffer> {
  const response = await fetch(new URL(name, base));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

async function start(): Promise<string> {
  const packages = bytes("packages.zip");
  send({ progress: "Loading Python" });
  const { loadPyodide } = await import(new URL("pyodide/pyodide.mjs", base).href);
  python = await loadPyodide({
    indexURL: new URL("pyodide/", base).href,
    env: { HOME: "/home/pyodide", ARCHDSL_CACHE: "/archdsl/cache", PYTHONDONTWRITEBYTECODE: "1" },
  });
  send({ progress: "Loading archdsl" });
  python.unpackArchive(await packages, "zip", { extractDir: "/archdsl" });
  const version = python.runPython(`
import sys
sys.path.insert(0, "/archdsl/packages")
sys.setrecursionlimit(1000)
import archdsl.browser.page_calls
archdsl.browser.page_calls.start()
`) as string;
  pyCall = python.pyimport("archdsl.browser.page_calls").call;
  return version;
}

/** Load Graphviz, once; only calls that render diagrams wait for it. */
function graphviz(): Promise<void> {
  renderer ??= (async () => {
    const { Graphviz } = await import(new URL("graphviz.js", base).href);
    const engine = await Graphviz.load();
    python.pyimport("archdsl.browser.renderer").render_with((dot: string, format: string) => engine.layout(dot, format, "dot"));
  })();
  return renderer;
}

/** Load what the check of `train` blocks needs, once: a second archive, with pydantic. */
function recipes(): Promise<void> {
  training ??= (async () => {
    python.unpackArchive(await bytes("training.zip"), "zip", { extractDir: "/archdsl" });
    python.runPython("import importlib; importlib.invalidate_caches()");
  })();
  return training;
}

const started = start().then(
  (version) => {
    send({ ready: version });
    // Most pages draw: fetch it while the page waits for its user.
    graphviz().catch(() => (renderer = undefined));
  },
  (error) => {
    send({ failed: String(error) });
    throw error;
  },
);

let last: Promise<void> = started.catch(() => undefined);

async function answer(request: Request): Promise<void> {
  let spent = 0;
  try {
    await started;
    if (/diagram/.test(request.name)) await graphviz();
    // Without it, the answer is that recipes are not checked; another call tries again.
    if (request.name === "playground.check_recipes") await recipes().catch(() => (training = undefined));
    const before = performance.now();
    const text = pyCall(request.name, JSON.stringify(request.arguments ?? {}));
    spent = performance.now() - before;
    send({ id: request.id, spent, ...JSON.parse(text) });
  } catch (error) {
    send({ id: request.id, spent, error: { kind: "Crash", message: String(error) } });
  }
}

self.addEventListener("message", (event: MessageEvent<Request>) => {
  last = last.then(() => answer(event.data));
});
