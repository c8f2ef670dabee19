// A text that is being edited, and everything that is shown about it: each keystroke goes to a service, and its answers
// to the panels. The playground and the widget of notebooks are such sessions, with different services.
import { CallError, type Service } from "../calls";
import type { AtCursor, Edit, Hover, Problem, Sizes, Suggested, Table, Update } from "./answers";
import { Controls } from "./controls";
import { Editor } from "./editor";
import type { Rules } from "./highlight";
import { LayerTable, showCursor, showDiagram, showProblems, showVerdict } from "./panels";
import { byId, type Root } from "./root";

/** Milliseconds for one answer of a service that has a limit; a text that needs more is not checked there. */
const LIMIT = 20_000;
/** Milliseconds without a keystroke after which suggestions and the diagram are computed. */
const PAUSE = 250;
/** Milliseconds after these until the valid sizes are computed, which takes longest. */
const LONG_PAUSE = 1000;

/** What a session needs from what is around it. */
export interface Surroundings {
  /** Show a message; an empty one removes it. */
  status(text: string, isProblem?: boolean): void;
  /** The text has changed; `isEdit`: by the user, rather than another text that was opened. */
  changed(text: string, isEdit: boolean): void;
  /** The theme of diagrams. */
  theme(): "light" | "dark";
}

export class Session {
  readonly editor: Editor;
  private readonly table: LayerTable;
  private readonly controls: Controls;
  /** The number of the present version of the text; answers to older ones are dropped. */
  private version = 0;
  private timer = 0;
  private last: Update | null = null;
  private suggested: Suggested[] | null = null;
  /** The sizes at which a text with symbolic dimensions is shown. */
  private chosen: Record<string, number> = {};
  /** Whether the service has been started since the last update, so that it does not know the text. */
  private forgotten = true;

  constructor(
    private readonly root: Root,
    text: string,
    rules: Rules,
    private readonly service: Service,
    private readonly around: Surroundings,
  ) {
    this.editor = new Editor(byId(root, "editor"), root, text, rules, {
      onChange: (text, isEdit) => this.changed(text, isEdit),
      onCursor: (position) => void this.cursor(position),
      complete: (position) => this.ask("playground.complete", { offset: position }, "complete"),
      hover: (position) => this.ask<Hover | null>("playground.hover", { offset: position }, "hover"),
      fix: (position) => this.fix(position),
      format: () => void this.format(),
    });
    this.table = new LayerTable(root, (start, end) => this.editor.select(start, end));
    this.controls = new Controls(root, {
      edit: (edits) => this.editor.apply(edits, "input.control"),
      choose: (sizes) => this.choose(sizes),
    });
    this.watchViews();
    this.changed(text, false);
  }

  /** Whether the last answer is about a text without errors. */
  get ok(): boolean {
    return this.last?.ok ?? false;
  }

  /** The service has been started again, and knows no text. */
  forget(): void {
    this.forgotten = true;
  }

  ask<T>(name: string, given: object, latest: string): Promise<T | undefined> {
    return this.service.call<T>(name, given, { latest, timeout: LIMIT }).catch((error) => {
      if (error instanceof CallError && error.kind === "Timeout") throw error;
      console.error(error);
      return undefined;
    });
  }

  // --- from the text to the panels ---

  private changed(text: string, isEdit = true): void {
    this.around.changed(text, isEdit);
    performance.mark("edit");
    this.refresh(text);
  }

  private refresh(text: string): void {
    this.version++;
    clearTimeout(this.timer);
    void this.update(text, this.version);
  }

  private async update(text: string, version: number): Promise<void> {
    try {
      const update = await this.service.call<Update>("playground.update", { text }, { latest: "update", timeout: LIMIT });
      if (!update || version !== this.version) return;
      this.forgotten = false;
      this.last = update;
      this.suggested = null;
      performance.measure("answer", "edit");
      showVerdict(this.root, update);
      this.showProblems();
      this.controls.show(update.controls);
      if (!(await this.showTable(version))) return;
      performance.measure("table", "edit");
      await this.cursor(this.editor.cursor);
      this.timer = setTimeout(() => void this.settled(version), PAUSE) as unknown as number;
    } catch (error) {
      if (version === this.version) this.refused(error as Error);
    }
  }

  private async showTable(version: number): Promise<boolean> {
    const table = await this.ask<Table>("playground.table", { sizes: this.chosen }, "table");
    if (!table || version !== this.version) return false;
    this.table.show(table.rows);
    this.table.mark(this.editor.cursor);
    this.editor.showHints(table.hints);
    if (this.last) showVerdict(this.root, table.verdict === null ? this.last : { ...this.last, verdict: table.verdict, totals: table.totals ?? "" });
    return true;
  }

  /** Show why there is no answer. The text stays, and the next keystroke is another try. */
  private refused(error: Error): void {
    const tooLong = error instanceof CallError && error.kind === "Timeout";
    this.around.status(tooLong ? "This network takes too long to check in the browser; `archdsl check` has no time limit." : error.message, true);
    byId(this.root, "verdict").textContent = "";
    byId(this.root, "totals").textContent = "";
    this.last = null;
    this.table.show([]);
    showProblems(this.root, [], null, this.problemActions);
    showDiagram(this.root, null, "There is no diagram.");
  }

  /** After a pause: suggestions, which are tried by the checker, then the diagram or the source. */
  private async settled(version: number): Promise<void> {
    try {
      if (this.last?.has_unchecked_recipe) {
        // The check needs packages that the page loads only now.
        const can = await this.ask<boolean>("playground.check_recipes", {}, "recipes");
        if (can && version === this.version) return this.refresh(this.editor.text);
      }
      if (this.last?.problems.length) {
        const suggested = await this.ask<Suggested[]>("playground.suggestions", {}, "suggestions");
        if (version !== this.version) return;
        this.suggested = suggested ?? [];
        this.showProblems();
      }
      await this.views();
      if (version === this.version) this.timer = setTimeout(() => void this.limitSizes(version), LONG_PAUSE) as unknown as number;
    } catch (error) {
      if (version === this.version) this.refused(error as Error);
    }
  }

  private async limitSizes(version: number): Promise<void> {
    const sizes = await this.ask<Sizes>("playground.sizes", {}, "sizes").catch(() => undefined);
    if (sizes && version === this.version) this.controls.limit(sizes);
  }

  private showProblems(): void {
    // Errors that one edit removes are merged in the list with suggestions.
    const problems = this.suggested ? this.suggested.map((each) => each.problem) : (this.last?.problems ?? []);
    showProblems(this.root, problems, this.suggested, this.problemActions);
    this.editor.showProblems(this.last?.problems ?? [], this.suggested ?? []);
  }

  private readonly problemActions = {
    line: (position: number) => this.editor.line(position),
    go: ({ range }: Problem) => this.editor.select(range.start, range.end),
    apply: (edits: Edit[]) => {
      this.editor.apply(edits);
      this.editor.view.focus();
    },
  };

  private async cursor(position: number): Promise<void> {
    this.table.mark(position);
    if (this.forgotten) return;
    const found = await this.ask<AtCursor>("playground.at", { offset: position }, "at").catch(() => undefined);
    if (found) showCursor(this.root, found);
  }

  private fix(position: number): void {
    const at = this.suggested?.find(({ problem, actions }) => actions.length && problem.range.start <= position && position <= problem.range.end);
    const found = at ?? this.suggested?.find(({ actions }) => actions.length);
    if (found) this.editor.apply(found.actions[0].edits);
  }

  async format(): Promise<void> {
    const found = await this.ask<{ edits: Edit[]; refused: string | null }>("playground.format", {}, "format");
    if (found?.refused) this.around.status(`Not formatted: ${found.refused}.`, true);
    else if (found) this.editor.apply(found.edits, "input.format");
  }

  private choose(sizes: Record<string, number>): void {
    this.chosen = sizes;
    void this.showTable(this.version);
  }

  // --- diagram and source ---

  private get main(): HTMLElement {
    return this.root.querySelector("main")!;
  }

  private watchViews(): void {
    for (const each of this.root.querySelectorAll<HTMLInputElement>("input[name=view]")) each.addEventListener("change", () => this.view(each.value));
    for (const each of this.root.querySelectorAll("input[name=detail]")) each.addEventListener("change", () => void this.views());
  }

  /** Show the table, the diagram or the source. */
  view(view: string): void {
    this.main.dataset.view = view;
    this.root.querySelector<HTMLInputElement>(`input[name=view][value=${view}]`)!.checked = true;
    void this.views();
  }

  async views(): Promise<void> {
    const version = this.version;
    if (!this.last || this.forgotten) return;
    const { view } = this.main.dataset;
    if (view === "diagram") {
      const found = await this.diagram(this.around.theme());
      if (!found || version !== this.version) return;
      showDiagram(this.root, found.svg, found.error);
    } else if (view === "source") {
      const text = await this.source();
      if (version === this.version) byId(this.root, "source").textContent = text;
    }
  }

  diagram(colors: string) {
    const view = this.root.querySelector<HTMLInputElement>("input[name=detail]:checked")!.value;
    return this.ask<{ svg: string | null; error: string | null }>("playground.diagram", { view, theme: colors }, `diagram ${colors}`);
  }

  async source(): Promise<string> {
    if (!this.ok) return "A network with errors has no PyTorch source.";
    return (await this.ask<string>("playground.source", {}, "source")) ?? "";
  }
}
