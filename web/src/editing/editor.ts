// The editor: CodeMirror with archdsl's lexer and service.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, StateEffect, StateField, type ChangeSpec, type Extension } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, drawSelection, highlightActiveLine, highlightSpecialChars, hoverTooltip, keymap, lineNumbers, type DecorationSet } from "@codemirror/view";
import { Offsets } from "../offsets.mjs";
import type { Completion, Edit, Hover, Problem, Suggested, Table } from "./answers";
import { highlighting, type Rules } from "./highlight";
import { element, markdown } from "./markdown";
import type { Root } from "./root";

export interface Services {
  /** `isEdit`: by the user, rather than another text that was opened. */
  onChange(text: string, isEdit: boolean): void;
  onCursor(position: number): void;
  complete(position: number): Promise<Completion[] | undefined>;
  hover(position: number): Promise<Hover | null | undefined>;
  /** Apply the first suggestion for the problem at the cursor. */
  fix(position: number): void;
  format(): void;
}

const KINDS: Record<string, string> = {
  argument: "property", block: "class", file: "text", flag: "enum", keyword: "keyword", layer: "function", name: "variable", value: "constant",
};

const setHints = StateEffect.define<DecorationSet>();
const hintField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setHints)) return effect.value;
    return value.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

class ShapeHint extends WidgetType {
  constructor(readonly text: string) {
    super();
  }
  override eq(other: ShapeHint): boolean {
    return other.text === this.text;
  }
  toDOM(): HTMLElement {
    const made = element("span", "shape-hint", `→ ${this.text}`);
    // The table has the same shapes.
    made.setAttribute("aria-hidden", "true");
    return made;
  }
}

export class Editor {
  readonly view: EditorView;
  private known = new Offsets("");

  /** An editor in an element of `root`: the page, or the part of it that a widget has. */
  constructor(parent: HTMLElement, root: Root, text: string, rules: Rules, private readonly services: Services) {
    this.view = new EditorView({ parent, root, state: this.state(text, highlighting(rules)) });
    this.known = new Offsets(text);
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** The position of the cursor, as Python counts it. */
  get cursor(): number {
    return this.known.toPython(this.view.state.selection.main.head);
  }

  /** Show another text; undo brings back the previous one. */
  open(text: string): void {
    const { length } = this.view.state.doc;
    this.view.dispatch({ changes: { from: 0, to: length, insert: text }, selection: { anchor: 0 }, userEvent: "open", scrollIntoView: true });
  }

  /** Apply edits, whose positions are Python's. */
  apply(edits: Edit[], userEvent = "input.fix"): void {
    const changes: ChangeSpec[] = edits.map(({ range, text }) => ({ from: this.place(range.start), to: this.place(range.end), insert: text }));
    this.view.dispatch({ changes, userEvent, scrollIntoView: userEvent === "input.fix" });
  }

  select(start: number, end: number): void {
    this.view.dispatch({ selection: { anchor: this.place(start), head: this.place(end) }, scrollIntoView: true });
    this.view.focus();
  }

  line(position: number): string {
    const place = this.place(position);
    const line = this.view.state.doc.lineAt(place);
    return `${line.number}:${new Offsets(line.text).toPython(place - line.from) + 1}`;
  }

  showProblems(problems: Problem[], suggested: Suggested[]): void {
    const shown = problems.map((each): Diagnostic => {
      const from = this.place(each.range.start);
      const actions = suggested.find(({ problem }) => problem.code === each.code && problem.range.start === each.range.start)?.actions;
      return {
        from,
        to: Math.max(from, this.place(each.range.end)),
        severity: each.severity === "note" ? "info" : each.severity,
        message: each.message,
        source: each.code,
        markClass: each.is_unused ? "cm-lintRange-unused" : undefined,
        actions: actions?.slice(0, 3).map(({ title, edits }) => ({ name: title, apply: () => this.apply(edits) })),
      };
    });
    this.view.dispatch(setDiagnostics(this.view.state, shown));
  }

  /** The output shape behind the last statement of each line. */
  showHints(hints: Table["hints"]): void {
    const lines = new Map<number, string>();
    for (const { offset, text } of hints) lines.set(this.view.state.doc.lineAt(this.place(offset)).to, text);
    const found = [...lines].sort(([one], [other]) => one - other);
    const made = Decoration.set(found.map(([at, text]) => Decoration.widget({ widget: new ShapeHint(text), side: 1 }).range(at)));
    this.view.dispatch({ effects: setHints.of(made) });
  }

  private place(position: number): number {
    return Math.min(this.known.fromPython(position), this.view.state.doc.length);
  }

  private state(text: string, highlighting: Extension): EditorState {
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        indentUnit.of("  "),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [(context) => this.complete(context.pos, context.explicit)], closeOnBlur: true }),
        highlightActiveLine(),
        highlightSelectionMatches(),
        highlighting,
        EditorView.lineWrapping,
        hintField,
        hoverTooltip((_, position) => this.tooltip(position)),
        keymap.of([
          { key: "Mod-.", run: () => (this.services.fix(this.cursor), true) },
          { key: "Shift-Alt-f", run: () => (this.services.format(), true) },
          ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap,
        ]),
        EditorView.contentAttributes.of({ "aria-label": "Text of the network", autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) {
            const text = update.state.doc.toString();
            this.known = new Offsets(text);
            this.services.onChange(text, !update.transactions.some((each) => each.isUserEvent("open")));
          }
          if (update.docChanged || update.selectionSet) this.services.onCursor(this.cursor);
        }),
      ],
    });
  }

  private async complete(position: number, explicit: boolean): Promise<CompletionResult | null> {
    const before = /(?:\w*|[@="])$/.exec(this.view.state.sliceDoc(Math.max(0, position - 80), position))![0];
    // Numbers are typed, and Enter behind one starts a new line.
    if (!explicit && !/^[^\d]/.test(before)) return null;
    const found = await this.services.complete(this.known.toPython(position));
    // So does Enter behind a word that is complete.
    const isComplete = (word: string) => !explicit && found?.some(({ label }) => label === word);
    if (!found?.length || isComplete(before)) return null;
    return {
      from: this.place(found[0].range.start),
      to: Math.max(position, this.place(found[0].range.end)),
      options: found.map((each) => ({
        label: each.label,
        apply: each.text,
        detail: each.detail,
        type: KINDS[each.kind],
        boost: -each.order,
        info: each.documentation ? () => element("div", "tooltip", markdown(each.documentation)) : undefined,
      })),
      validFor: (word) => /^\w*$/.test(word) && !isComplete(word),
    };
  }

  private async tooltip(position: number) {
    const found = await this.services.hover(this.known.toPython(position));
    if (!found) return null;
    return {
      pos: this.place(found.range.start),
      end: this.place(found.range.end),
      above: true,
      create: () => ({ dom: element("div", "tooltip", markdown(found.text)) }),
    };
  }
}
