import { InputError } from "../core/errors.ts";
import { nearest } from "../core/options.ts";
import { EXIT_CODES } from "./exit-codes.ts";

interface Hints {
  readonly validOptions?: readonly string[];
  /** What to do about it, as a sentence. */
  readonly suggestion?: string;
  /** @default 2 */
  readonly exitCode?: number;
}

/** What was typed is wrong, with what would have been right. */
export class UsageError extends InputError {
  readonly validOptions: readonly string[];
  readonly suggestion: string | null;
  readonly exitCode: number;

  constructor(message: string, hints: Hints = {}) {
    super("request_invalid", message);
    this.validOptions = hints.validOptions ?? [];
    this.suggestion = hints.suggestion ?? null;
    this.exitCode = hints.exitCode ?? EXIT_CODES.request_invalid;
  }
}

/** A word that is none of the known ones, with the nearest of them. */
export function unknownWord(message: string, typed: string, known: readonly string[], exitCode?: number): UsageError {
  const near = nearest(typed, known);
  return new UsageError(message, {
    validOptions: known,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
  });
}
