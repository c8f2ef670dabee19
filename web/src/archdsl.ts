// archdsl for the scripts of a page: starts the worker, calls Python functions, and starts it again if one hangs.
import type { Message, Request } from "./protocol";

/** An error that a call raised in Python; `kind` is its class. */
export class CallError extends Error {
  constructor(
    readonly kind: string,
    message: string,
  ) {
    super(message);
    this.name = "CallError";
  }
}

export interface CallOptions {
  /** Milliseconds after which the worker is stopped and started again; 30,000 by default. */
  timeout?: number;
  /** A call that has not started is dropped if another one with the same key follows: its promise gives `undefined`. */
  latest?: string;
}

interface Waiting {
  request: Request;
  options: CallOptions;
  resolve: (value: any) => void;
  reject: (error: Error) => void;
}

export interface Options {
  /** Where the files of `archdsl/` are; by default beside this script. */
  base?: URL;
  /** Called with each step of loading, in words; with "" when it is ready. */
  onProgress?: (step: string) => void;
  /** Called whenever the worker is ready: at first, and after it was started again. */
  onReady?: (version: string) => void;
  onFailure?: (message: string) => void;
}

export class Archdsl {
  /** Milliseconds in Python of the last call. */
  spent = 0;
  private worker!: Worker;
  private ready = false;
  private queue: Waiting[] = [];
  private current: Waiting | null = null;
  private timer = 0;
  private next = 1;

  constructor(private readonly options: Options = {}) {
    this.start();
  }

  /**
   * Call a Python function: one of CALLS in archdsl/browser/page_calls.py, or any public function of archdsl by its full
   * name. The arguments are given by name, or in order as an array. Rejects with CallError.
   */
  call<T = any>(name: string, given: object = {}, options: CallOptions = {}): Promise<T> {
    if (options.latest) {
      this.queue = this.queue.filter((each) => {
        if (each.options.latest !== options.latest) return true;
        each.resolve(undefined);
        return false;
      });
    }
    return new Promise<T>((resolve, reject) => {
      this.queue.push({ request: { id: this.next++, name, arguments: given }, options, resolve, reject });
      this.pump();
    });
  }

  /** Stop the worker and start another one; the call that was running fails, those that wait are kept. */
  restart(reason: Error): void {
    this.worker.terminate();
    this.ready = false;
    const current = this.finish();
    this.start();
    current?.reject(reason);
  }

  private start(): void {
    const url = new URL("worker.js", this.options.base ?? new URL(".", import.meta.url));
    const worker = new Worker(url, { type: "module", name: "archdsl" });
    worker.addEventListener("message", (event: MessageEvent<Message>) => this.receive(event.data));
    worker.addEventListener("error", (event) => this.fail(event.message || "the worker cannot be loaded"));
    this.worker = worker;
  }

  private fail(message: string): void {
    for (const each of this.queue.splice(0)) each.reject(new CallError("Failed", message));
    this.finish()?.reject(new CallError("Failed", message));
    this.options.onFailure?.(message);
  }

  private finish(): Waiting | null {
    clearTimeout(this.timer);
    const current = this.current;
    this.current = null;
    return current;
  }

  private pump(): void {
    if (!this.ready || this.current || !this.queue.length) return;
    this.current = this.queue.shift()!;
    const { request, options } = this.current;
    const limit = options.timeout ?? 30_000;
    this.timer = setTimeout(
      () => this.restart(new CallError("Timeout", `no answer within ${Math.round(limit / 1000)} seconds`)),
      limit,
    ) as unknown as number;
    this.worker.postMessage(request);
  }

  private receive(message: Message): void {
    if ("progress" in message) this.options.onProgress?.(message.progress);
    else if ("failed" in message) this.fail(message.failed);
    else if ("ready" in message) {
      this.ready = true;
      this.options.onProgress?.("");
      this.options.onReady?.(message.ready);
      this.pump();
    } else if (this.current?.request.id === message.id) {
      const { resolve, reject } = this.finish()!;
      this.spent = message.spent;
      if (message.error) reject(new CallError(message.error.kind, message.error.message));
      else resolve(message.result);
      this.pump();
    }
  }
}
