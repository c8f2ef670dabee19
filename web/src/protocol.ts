// The messages between a page and its worker.

/** A call of a Python function; `name` is one of CALLS in archdsl/browser/page_calls.py. */
export interface Request {
  id: number;
  name: string;
  arguments: unknown;
}

/** The worker is loading: which step of how many, in words. */
export interface Progress {
  progress: string;
}

/** The worker can answer calls; `ready` is the version of archdsl. */
export interface Ready {
  ready: string;
}

/** The worker cannot start. */
export interface Failed {
  failed: string;
}

/** The answer to a call. */
export interface Answer {
  id: number;
  result?: unknown;
  error?: { kind: string; message: string };
  /** Milliseconds in Python. */
  spent: number;
}

export type Message = Progress | Ready | Failed | Answer;
