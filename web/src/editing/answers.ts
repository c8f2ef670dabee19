// The answers of archdsl/browser/playground.py.

export interface Range {
  start: number;
  end: number;
}
export interface Edit {
  range: Range;
  text: string;
}
export interface Problem {
  range: Range;
  code: string;
  severity: "error" | "warning" | "note";
  message: string;
  related: { location: { range: Range; file: string | null }; text: string }[];
  help: string[];
  is_unused: boolean;
}
export interface Action {
  title: string;
  edits: Edit[];
  is_preferred: boolean;
}
export interface Control {
  name: string;
  kind: "int" | "float" | "text";
  value: string;
  ranges: Range[];
  least: number;
  greatest: number;
}
export interface Update {
  ok: boolean;
  problems: Problem[];
  verdict: string;
  totals: string;
  controls: Control[];
  has_unchecked_recipe: boolean;
}
/** Number, depth, layer, output, parameters, MACs, and the place in the text. */
export type Row = [string, number, string, string, string, string, [number, number] | null];
export interface Table {
  rows: Row[];
  hints: { offset: number; text: string; detail: string }[];
  /** At chosen sizes of symbolic dimensions; null if those of the update hold. */
  verdict: string | null;
  totals: string | null;
}
/** The valid sizes of a control: from `least` in steps, or `values` if steps do not describe them. */
export interface SizeLimit {
  least: number;
  greatest: number | null;
  step: number;
  values: number[] | null;
}
export interface Sizes {
  /** The valid sizes in words; empty if every size is valid. */
  described: string[];
  /** By the names of controls. */
  limits: Record<string, SizeLimit>;
  /** The symbolic dimensions, each with a size to begin with. */
  symbols: { name: string; size: number; limit: SizeLimit }[];
}
export interface Suggested {
  problem: Problem;
  actions: Action[];
}
export interface Hover {
  range: Range;
  text: string;
}
export interface Signature {
  label: string;
  documentation: string;
  parameters: { label: string; documentation: string }[];
  active: number | null;
}
export interface Completion {
  label: string;
  kind: string;
  range: Range;
  text: string;
  detail: string;
  documentation: string;
  order: number;
}
export interface Family {
  title: string;
  names: string[];
}
export interface AtCursor {
  word: Hover | null;
  statement: Hover | null;
  signature: Signature | null;
}
