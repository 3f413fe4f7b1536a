// The rules of the Chrome trace event format and of Perfetto's import of it, as far as the exports
// use it, written apart from the writer: times never go back; slices of a thread nest; async spans
// of one id and category do not overlap and end under their own name; a flow begins and ends in
// slices that are open, once each; counters carry numbers; every thread and process has a name.

/** An event as it stands in the file. */
export interface JsonEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly name?: string;
  readonly cat?: string;
  readonly id?: string | number;
  readonly bp?: string;
  readonly s?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A slice, async span or flow that was checked. `end` is null for one that did not end. */
export interface Span {
  readonly track: string;
  readonly name: string;
  readonly category: string;
  readonly begin: number;
  readonly args: Readonly<Record<string, unknown>>;
  /** Slices of its thread that were open around it. */
  readonly inside: readonly string[];
  end: number | null;
}

/** A flow and the slices that it binds to. */
export interface Flow {
  readonly from: Span;
  readonly to: Span;
}

/** What a file holds. */
export interface Checked {
  readonly slices: readonly Span[];
  readonly spans: readonly Span[];
  readonly flows: readonly Flow[];
  readonly counters: readonly JsonEvent[];
  readonly instants: readonly (JsonEvent & { readonly track: string })[];
  /** Thread names. */
  readonly tracks: readonly string[];
}

class Checker {
  readonly slices: Span[] = [];
  readonly spans: Span[] = [];
  readonly flows: Flow[] = [];
  readonly counters: JsonEvent[] = [];
  readonly instants: (JsonEvent & { track: string })[] = [];
  readonly threads = new Map<string, string>();
  readonly processes = new Map<number, string>();
  private readonly open = new Map<string, Span[]>();
  private readonly openSpans = new Map<string, Span>();
  private readonly leaving = new Map<unknown, Span>();
  private readonly flowIds = new Set<unknown>();
  private now = 0;
  private at = '';

  must(holds: boolean, what: string): asserts holds {
    if (!holds) throw new Error(`${what} at ${this.at}`);
  }

  private threadOf({ pid, tid }: JsonEvent): string {
    const name = this.threads.get(`${pid}/${tid}`);
    this.must(name !== undefined, 'a thread without name');
    return name;
  }

  private stackOf({ pid, tid }: JsonEvent): Span[] {
    const key = `${pid}/${tid}`;
    if (!this.open.has(key)) this.open.set(key, []);
    return this.open.get(key)!;
  }

  private spanOf(event: JsonEvent, track: string, inside: readonly Span[]): Span {
    const { name, cat, ts, args } = event;
    this.must(typeof name === 'string' && name !== '', 'no name');
    this.must(typeof cat === 'string' && cat !== '', 'no category');
    const around = inside.map((span) => span.name);
    return { track, name, category: cat, begin: ts, args: args ?? {}, inside: around, end: null };
  }

  check(event: JsonEvent): void {
    this.at = JSON.stringify(event);
    this.must(this.processes.has(event.pid) || event.ph === 'M', 'a process without name');
    if (event.ph !== 'M') {
      this.must(event.ts >= this.now, `time went back from ${this.now}`);
      this.now = event.ts;
    }
    const rule = this.rules[event.ph];
    this.must(rule !== undefined, 'unknown phase');
    rule(event);
  }

  private readonly rules: Readonly<Record<string, (event: JsonEvent) => void>> = {
    M: ({ pid, tid, name, args }) => {
      const given = String(args?.['name']);
      const taken = [...this.threads.keys()].some((key) => key.endsWith(`/${tid}`));
      this.must(!taken, 'a thread number twice');
      if (name === 'process_name') this.processes.set(pid, given);
      else this.threads.set(`${pid}/${tid}`, given);
    },
    B: (event) => {
      const stack = this.stackOf(event);
      const slice = this.spanOf(event, this.threadOf(event), stack);
      stack.push(slice);
      this.slices.push(slice);
    },
    E: (event) => {
      const slice = this.stackOf(event).pop();
      this.must(slice !== undefined, 'an end without beginning');
      slice.end = event.ts;
    },
    b: (event) => {
      const key = `${event.cat}/${event.id}`;
      this.must(typeof event.id === 'string', 'no id');
      this.must(!this.openSpans.has(key), 'a span inside one of the same id');
      const span = this.spanOf(event, this.processes.get(event.pid)!, []);
      this.openSpans.set(key, span);
      this.spans.push(span);
    },
    e: (event) => {
      const key = `${event.cat}/${event.id}`;
      const span = this.openSpans.get(key);
      this.must(span?.name === event.name, 'an end without a beginning of its name');
      span!.end = event.ts;
      this.openSpans.delete(key);
    },
    s: (event) => {
      const from = this.stackOf(event).at(-1);
      this.must(from !== undefined, 'a flow from no slice');
      this.must(!this.flowIds.has(event.id), 'a flow id twice');
      this.flowIds.add(event.id);
      this.leaving.set(event.id, from);
    },
    f: (event) => {
      const from = this.leaving.get(event.id);
      const to = this.stackOf(event).at(-1);
      this.must(from !== undefined, 'a flow from nowhere');
      this.must(to !== undefined && event.bp === 'e', 'a flow to no slice');
      this.leaving.delete(event.id);
      this.flows.push({ from, to });
    },
    C: (event) => {
      this.must(typeof event.name === 'string', 'no name');
      this.must(Object.values(event.args ?? {}).length > 0, 'a counter without value');
      const numbers = Object.values(event.args ?? {}).every((value) => Number.isFinite(value));
      this.must(numbers, 'a counter that is no number');
      this.counters.push(event);
    },
    i: (event) => {
      this.must(event.s === 't' || event.s === 'g', 'an instant without scope');
      this.instants.push({ ...event, track: this.threadOf(event) });
    },
  };

  finish(): void {
    this.at = 'the end';
    this.must(this.leaving.size === 0, `${this.leaving.size} flows that never arrive`);
  }
}

/** Checks a file. Throws at the first rule that is broken. */
export function checkTraceJson(text: string): Checked {
  const { traceEvents } = JSON.parse(text) as { traceEvents: readonly JsonEvent[] };
  const checker = new Checker();
  for (const event of traceEvents) checker.check(event);
  checker.finish();
  const { slices, spans, flows, counters, instants, threads } = checker;
  return { slices, spans, flows, counters, instants, tracks: [...threads.values()] };
}
