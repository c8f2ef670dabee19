// Calls of Python functions, one at a time: by a worker, or by the kernel of a notebook.
import type { Answer, Request } from "./protocol";

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
  /** Milliseconds after which the call is given up. */
  timeout?: number;
  /** A call that has not started is dropped if another one with the same key follows: its promise gives `undefined`. */
  latest?: string;
}

/** What calls Python functions by name. */
export interface Service {
  call<T = any>(name: string, given?: object, options?: CallOptions): Promise<T>;
}

interface Waiting {
  request: Request;
  options: CallOptions;
  resolve: (value: any) => void;
  reject: (error: Error) => void;
}

export class CallQueue implements Service {
  private waiting: Waiting[] = [];
  private current: Waiting | null = null;
  private timer = 0;
  private next = 1;
  private ready = false;

  /** `post` sends a request; `late` is told that the present one has no answer yet after its time. */
  constructor(
    private readonly post: (request: Request) => void,
    private readonly limit: number | null,
    private readonly late: (limit: number) => void = () => undefined,
  ) {}

  call<T = any>(name: string, given: object = {}, options: CallOptions = {}): Promise<T> {
    if (options.latest) {
      this.waiting = this.waiting.filter((each) => {
        if (each.options.latest !== options.latest) return true;
        each.resolve(undefined);
        return false;
      });
    }
    return new Promise<T>((resolve, reject) => {
      this.waiting.push({ request: { id: this.next++, name, arguments: given }, options, resolve, reject });
      this.pump();
    });
  }

  /** Begin to send requests. */
  open(): void {
    this.ready = true;
    this.pump();
  }

  /** Send no more requests; the present one fails, those that wait are kept. */
  close(reason: Error): void {
    this.ready = false;
    this.finish()?.reject(reason);
  }

  /** All requests fail. */
  fail(message: string): void {
    for (const each of this.waiting.splice(0)) each.reject(new CallError("Failed", message));
    this.finish()?.reject(new CallError("Failed", message));
  }

  /** Take an answer; false if it is not to the present request. */
  receive(answer: Answer): boolean {
    if (this.current?.request.id !== answer.id) return false;
    const { resolve, reject } = this.finish()!;
    if (answer.error) reject(new CallError(answer.error.kind, answer.error.message));
    else resolve(answer.result);
    this.pump();
    return true;
  }

  private finish(): Waiting | null {
    clearTimeout(this.timer);
    const current = this.current;
    this.current = null;
    return current;
  }

  private pump(): void {
    if (!this.ready || this.current || !this.waiting.length) return;
    this.current = this.waiting.shift()!;
    const { request, options } = this.current;
    const limit = this.limit === null ? null : (options.timeout ?? this.limit);
    if (limit !== null) this.timer = setTimeout(() => this.late(limit), limit) as unknown as number;
    this.post(request);
  }
}
