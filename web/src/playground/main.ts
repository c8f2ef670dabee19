// The playground: each keystroke goes to the worker, and its answers to the panels.
import digits from "../../../examples/digits.arch";
import fcMnist from "../../../examples/fc_mnist.arch";
import lenet5 from "../../../examples/lenet5.arch";
import resnet20 from "../../../examples/resnet20.arch";
import vggSmall from "../../../examples/vgg_small.arch";
import { Archdsl, CallError } from "../archdsl";
import { fromFragment, LinkError, toFragment } from "../share.mjs";
import type { AtCursor, Family, Hover, Suggested, Table, Update } from "./answers";
import { Controls } from "./controls";
import { save, toPng } from "./download";
import { Editor } from "./editor";
import { Menu } from "./menu";
import { byId, LayerTable, showCursor, showDiagram, showProblems, showVerdict } from "./panels";
import { read, write } from "./storage";
import { theme, watchTheme } from "./theme";

/** Milliseconds for one answer; a text that needs more is not checked here. */
const LIMIT = 20_000;
/** Milliseconds without a keystroke after which suggestions and the diagram are computed. */
const PAUSE = 250;

const EXAMPLES = Object.entries({ lenet5, digits, fc_mnist: fcMnist, vgg_small: vggSmall, resnet20 }).map(([name, text]) => ({ name, text }));

class Page {
  private readonly archdsl = new Archdsl({
    base: new URL("archdsl/", import.meta.url),
    onProgress: (step) => this.progress(step),
    onReady: () => (this.forgotten = true),
    onFailure: (message) => this.status(`Python cannot be loaded: ${message}`, true),
  });
  private readonly editor: Editor;
  private readonly table = new LayerTable((start, end) => this.editor.select(start, end));
  private readonly controls = new Controls((edits) => this.editor.apply(edits, "input.control"));
  /** The number of the present version of the text; answers to older ones are dropped. */
  private version = 0;
  private timer = 0;
  private last: Update | null = null;
  private suggested: Suggested[] | null = null;
  /** Whether the worker has been started since the last update, so that it does not know the text. */
  private forgotten = true;

  constructor(text: string) {
    this.editor = new Editor(byId("editor"), text, {
      onChange: (text, isEdit) => this.changed(text, isEdit),
      onCursor: (position) => void this.cursor(position),
      complete: (position) => this.ask("playground.complete", { offset: position }, "complete"),
      hover: (position) => this.ask<Hover | null>("playground.hover", { offset: position }, "hover"),
      fix: (position) => this.fix(position),
      format: () => void this.format(),
    });
    watchTheme(byId("theme"), () => void this.views());
    new Menu(EXAMPLES, {
      families: () => this.archdsl.call<Family[]>("playground.menu"),
      openText: (text) => this.open(text),
      openZoo: (name) => void this.openZoo(name),
    });
    for (const [id, run] of Object.entries({ format: () => this.format(), share: () => this.share() })) {
      byId(id).addEventListener("click", () => void run());
    }
    for (const each of document.querySelectorAll<HTMLButtonElement>("[data-download]")) {
      each.addEventListener("click", () => void this.download(each.dataset.download!));
    }
    this.watchViews();
    window.addEventListener("hashchange", () => void this.openLink());
    this.changed(text, false);
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

  private loading = false;

  private ask<T>(name: string, given: object, latest: string): Promise<T | undefined> {
    return this.archdsl.call<T>(name, given, { latest, timeout: LIMIT }).catch((error) => {
      if (error instanceof CallError && error.kind === "Timeout") throw error;
      console.error(error);
      return undefined;
    });
  }

  // --- from the text to the panels ---

  private changed(text: string, isEdit = true): void {
    this.version++;
    clearTimeout(this.timer);
    if (isEdit) {
      write("text", text);
      if (!this.loading) this.status("");
    }
    performance.mark("edit");
    void this.update(text, this.version);
  }

  private async update(text: string, version: number): Promise<void> {
    try {
      const update = await this.archdsl.call<Update>("playground.update", { text }, { latest: "update", timeout: LIMIT });
      if (!update || version !== this.version) return;
      this.forgotten = false;
      this.last = update;
      this.suggested = null;
      performance.measure("answer", "edit");
      showVerdict(update);
      this.showProblems();
      this.controls.show(update.controls);
      const table = await this.ask<Table>("playground.table", {}, "table");
      if (!table || version !== this.version) return;
      this.table.show(table.rows);
      this.editor.showHints(table.hints);
      performance.measure("table", "edit");
      await this.cursor(this.editor.cursor);
      this.timer = setTimeout(() => void this.settled(version), PAUSE) as unknown as number;
    } catch (error) {
      if (version === this.version) this.refused(error as Error);
    }
  }

  /** Show why there is no answer. The text stays, and the next keystroke is another try. */
  private refused(error: Error): void {
    const tooLong = error instanceof CallError && error.kind === "Timeout";
    this.status(tooLong ? "This text takes too long to check in a browser: `archdsl check` has more time." : error.message, true);
    byId("verdict").textContent = "";
    byId("totals").textContent = "";
    this.last = null;
    this.table.show([]);
    showProblems([], null, this.problemActions);
    showDiagram(null, "There is no diagram.");
  }

  /** After a pause: suggestions, which are tried by the checker, then the diagram or the source. */
  private async settled(version: number): Promise<void> {
    try {
      if (this.last?.problems.length) {
        const suggested = await this.ask<Suggested[]>("playground.suggestions", {}, "suggestions");
        if (version !== this.version) return;
        this.suggested = suggested ?? [];
        this.showProblems();
      }
      await this.views();
    } catch (error) {
      if (version === this.version) this.refused(error as Error);
    }
  }

  private showProblems(): void {
    // Errors that one edit removes are merged in the list with suggestions.
    const problems = this.suggested ? this.suggested.map((each) => each.problem) : (this.last?.problems ?? []);
    showProblems(problems, this.suggested, this.problemActions);
    this.editor.showProblems(this.last?.problems ?? [], this.suggested ?? []);
  }

  private readonly problemActions = {
    line: (position: number) => this.editor.line(position),
    go: ({ range }: { range: { start: number; end: number } }) => this.editor.select(range.start, range.end),
    apply: (edits: Parameters<Editor["apply"]>[0]) => {
      this.editor.apply(edits);
      this.editor.view.focus();
    },
  };

  private async cursor(position: number): Promise<void> {
    this.table.mark(position);
    if (this.forgotten) return;
    const found = await this.ask<AtCursor>("playground.at", { offset: position }, "at").catch(() => undefined);
    if (found) showCursor(found);
  }

  private fix(position: number): void {
    const at = this.suggested?.find(({ problem, actions }) => actions.length && problem.range.start <= position && position <= problem.range.end);
    const found = at ?? this.suggested?.find(({ actions }) => actions.length);
    if (found) this.editor.apply(found.actions[0].edits);
  }

  private async format(): Promise<void> {
    const found = await this.ask<{ edits: Parameters<Editor["apply"]>[0]; refused: string | null }>("playground.format", {}, "format");
    if (found?.refused) this.status(`Not formatted: ${found.refused}.`, true);
    else if (found) this.editor.apply(found.edits, "input.format");
  }

  // --- diagram and source ---

  private get view(): string {
    return byId("editor").closest("main")!.dataset.view!;
  }

  private watchViews(): void {
    const main = document.querySelector("main")!;
    const wide = matchMedia("(min-width: 1240px)");
    const choose = (view: string) => {
      main.dataset.view = view;
      document.querySelector<HTMLInputElement>(`input[name=view][value=${view}]`)!.checked = true;
      void this.views();
    };
    for (const each of document.querySelectorAll<HTMLInputElement>("input[name=view]")) each.addEventListener("change", () => choose(each.value));
    for (const each of document.querySelectorAll("input[name=detail]")) each.addEventListener("change", () => void this.views());
    // A wide window always shows the table.
    const widened = () => wide.matches && main.dataset.view === "table" && choose("diagram");
    wide.addEventListener("change", widened);
    widened();
  }

  private async views(): Promise<void> {
    const version = this.version;
    if (!this.last || this.forgotten) return;
    if (this.view === "diagram") {
      const found = await this.diagram(theme());
      if (!found || version !== this.version) return;
      showDiagram(found.svg, found.error);
    } else if (this.view === "source") {
      const text = await this.source();
      if (version === this.version) byId("source").textContent = text;
    }
  }

  private diagram(colors: string) {
    const view = document.querySelector<HTMLInputElement>("input[name=detail]:checked")!.value;
    return this.ask<{ svg: string | null; error: string | null }>("playground.diagram", { view, theme: colors }, `diagram ${colors}`);
  }

  private async source(): Promise<string> {
    if (!this.last?.ok) return "A text with errors has no PyTorch source.";
    return (await this.ask<string>("playground.source", {}, "source")) ?? "";
  }

  // --- texts that come and go ---

  private open(text: string): void {
    history.replaceState(null, "", location.pathname + location.search);
    this.editor.open(text);
    this.editor.view.focus();
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
      else this.editor.open(shared.text);
    } catch (error) {
      this.status(error instanceof LinkError ? `The link cannot be opened: ${error.message}.` : String(error), true);
    }
  }

  private async share(): Promise<void> {
    try {
      const fragment = await toFragment(this.editor.text);
      history.replaceState(null, "", fragment);
      await navigator.clipboard.writeText(location.href).then(
        () => this.status("The link is copied. It holds the text; nothing is stored on a server."),
        () => this.status("The link is in the address bar. It holds the text; nothing is stored on a server."),
      );
    } catch (error) {
      this.status(`There is no link: ${(error as Error).message}.`, true);
    }
  }

  private async download(kind: string): Promise<void> {
    byId("downloads").hidePopover?.();
    const name = /^\s*net\s+(\w+)/m.exec(this.editor.text)?.[1]?.toLowerCase() ?? "network";
    try {
      if (kind === "arch") return save(`${name}.arch`, new Blob([this.editor.text], { type: "text/plain" }));
      if (!this.last?.ok) return this.status("A text with errors cannot be downloaded as a diagram or as source.", true);
      if (kind === "py") return save(`${name}.py`, new Blob([await this.source()], { type: "text/x-python" }));
      const found = await this.diagram("light");
      if (!found?.svg) return this.status(found?.error ?? "There is no diagram.", true);
      const svg = new Blob([found.svg], { type: "image/svg+xml" });
      save(`${name}.${kind}`, kind === "svg" ? svg : await toPng(found.svg));
    } catch (error) {
      this.status((error as Error).message, true);
    }
  }
}

if (location.protocol === "file:") {
  byId("status").textContent = "Browsers run the playground only from a server: python -m http.server in the folder of the site.";
} else {
  const linked = location.hash.length > 1;
  const page = new Page((!linked && read("text")) || lenet5);
  if (linked) void page.openLink();
  navigator.serviceWorker?.register("sw.js").catch(() => undefined);
}
