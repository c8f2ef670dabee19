// The playground: a session whose service is the worker, with a menu, links and downloads.
import states from "lexer-rules";
import digits from "../../../examples/digits.arch";
import fcMnist from "../../../examples/fc_mnist.arch";
import lenet5 from "../../../examples/lenet5.arch";
import resnet20 from "../../../examples/resnet20.arch";
import vggSmall from "../../../examples/vgg_small.arch";
import { Archdsl } from "../archdsl";
import type { Family } from "../editing/answers";
import { setDocumentation } from "../editing/markdown";
import { byId as find } from "../editing/root";
import { Session } from "../editing/session";
import { fromFragment, LinkError, toFragment } from "../share.mjs";
import { save, toPng } from "./download";
import { Menu } from "./menu";
import { read, write } from "./storage";
import { theme, watchTheme } from "./theme";

const EXAMPLES = Object.entries({ lenet5, digits, fc_mnist: fcMnist, vgg_small: vggSmall, resnet20 }).map(([name, text]) => ({ name, text }));

const byId = (id: string) => find(document, id);

class Page {
  private loading = false;
  private readonly archdsl = new Archdsl({
    base: new URL("archdsl/", import.meta.url),
    onProgress: (step) => this.progress(step),
    onReady: () => this.session.forget(),
    onFailure: (message) => this.status(`Python cannot be loaded: ${message}`, true),
  });
  private readonly session: Session;

  constructor(text: string) {
    this.session = new Session(document, text, states, this.archdsl, {
      status: (text, isProblem) => this.status(text, isProblem),
      changed: (text, isEdit) => this.changed(text, isEdit),
      theme,
    });
    watchTheme(byId("theme"), () => void this.session.views());
    new Menu(EXAMPLES, {
      families: () => this.archdsl.call<Family[]>("playground.menu"),
      openText: (text) => this.open(text),
      openZoo: (name) => void this.openZoo(name),
    });
    for (const [id, run] of Object.entries({ format: () => this.session.format(), share: () => this.share() })) {
      byId(id).addEventListener("click", () => void run());
    }
    for (const each of document.querySelectorAll<HTMLButtonElement>("[data-download]")) {
      each.addEventListener("click", () => void this.download(each.dataset.download!));
    }
    this.watchWidth();
    window.addEventListener("hashchange", () => void this.openLink());
  }

  private status(text: string, isProblem = false): void {
    const place = byId("status");
    place.textContent = text;
    place.classList.toggle("problem", isProblem);
    this.loading = false;
  }

  /** What is being loaded, unless there is a message for the user. */
  private progress(step: string): void {
    const place = byId("status");
    if (place.textContent && !this.loading) return;
    this.status(step && `${step} …`);
    this.loading = true;
  }

  private changed(text: string, isEdit: boolean): void {
    if (!isEdit) return;
    write("text", text);
    if (!this.loading) this.status("");
  }

  /** A wide window always shows the table. */
  private watchWidth(): void {
    const wide = matchMedia("(min-width: 1240px)");
    const widened = () => wide.matches && document.querySelector("main")!.dataset.view === "table" && this.session.view("diagram");
    wide.addEventListener("change", widened);
    widened();
  }

  // --- texts that come and go ---

  private open(text: string): void {
    history.replaceState(null, "", location.pathname + location.search);
    this.session.editor.open(text);
    this.session.editor.view.focus();
  }

  private async openZoo(name: string): Promise<void> {
    const text = await this.archdsl.call<string>("zoo.text", { name }).catch(() => undefined);
    if (text === undefined) this.status(`The zoo has no network \`${name}\`.`, true);
    else this.open(text);
  }

  /** Open what the address names, if anything; a link that cannot be opened only shows a message. */
  async openLink(): Promise<void> {
    try {
      const shared = await fromFragment(location.hash);
      if (!shared) return;
      if ("zoo" in shared) await this.openZoo(shared.zoo);
      else this.session.editor.open(shared.text);
    } catch (error) {
      this.status(error instanceof LinkError ? `The link cannot be opened: ${error.message}.` : String(error), true);
    }
  }

  private async share(): Promise<void> {
    try {
      const fragment = await toFragment(this.session.editor.text);
      history.replaceState(null, "", fragment);
      await navigator.clipboard.writeText(location.href).then(
        () => this.status("The link is copied. It contains the source text; nothing is stored on a server."),
        () => this.status("The link is in the address bar. It contains the source text; nothing is stored on a server."),
      );
    } catch (error) {
      this.status(`The link could not be created: ${(error as Error).message}.`, true);
    }
  }

  private async download(kind: string): Promise<void> {
    byId("downloads").hidePopover?.();
    const { text } = this.session.editor;
    const name = /^\s*net\s+(\w+)/m.exec(text)?.[1]?.toLowerCase() ?? "network";
    try {
      if (kind === "arch") return save(`${name}.arch`, new Blob([text], { type: "text/plain" }));
      if (!this.session.ok) return this.status("A network with errors cannot be downloaded as a diagram or as PyTorch source.", true);
      if (kind === "py") return save(`${name}.py`, new Blob([await this.session.source()], { type: "text/x-python" }));
      const found = await this.session.diagram("light");
      if (!found?.svg) return this.status(found?.error ?? "There is no diagram.", true);
      const svg = new Blob([found.svg], { type: "image/svg+xml" });
      save(`${name}.${kind}`, kind === "svg" ? svg : await toPng(found.svg));
    } catch (error) {
      this.status((error as Error).message, true);
    }
  }
}

setDocumentation("../");
if (location.protocol === "file:") {
  byId("status").textContent = "The playground runs only from a server: run python -m http.server in the folder of the site.";
} else {
  const linked = location.hash.length > 1;
  const page = new Page((!linked && read("text")) || lenet5);
  if (linked) void page.openLink();
  navigator.serviceWorker?.register("sw.js").catch(() => undefined);
}
