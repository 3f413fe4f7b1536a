// Types of what crosses the contract come from the lab, whose engine knows V8's own members of
// Error. The window uses none of them: this only lets its checker read the lab's files.

interface ErrorConstructor {
  stackTraceLimit: number;
  captureStackTrace(target: object, constructor?: unknown): void;
}
