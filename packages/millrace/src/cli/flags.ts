import {
  countProblem,
  integerProblem,
  labelsProblem,
  MAX_TIMER_MS,
  nameProblem,
  show,
  type Problem,
} from "../core/options.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { UsageError } from "./usage-error.ts";

const MAX_TEXT_LENGTH = 255;

/** Reads the value of an option; made for the flag that its errors name. */
type Reader<T> = (text: string) => T;

/** @throws UsageError with the sentence, if there is one */
export function refuse(problem: Problem): void {
  if (problem !== undefined) throw new UsageError(problem);
}

export function countFlag(flag: string, least = 1): Reader<number> {
  return (text) => {
    const value = numberOf(text);
    refuse(countProblem(value ?? text, flag, least));
    return value ?? 0;
  };
}

const PRIORITY_WORDS: Readonly<Record<string, number>> = { high: 10, medium: 0, low: -10 };

/** A whole number, or a word for one. */
export function priorityFlag(flag: string): Reader<number> {
  return (text) => {
    const word = PRIORITY_WORDS[text];
    if (word !== undefined) return word;
    const value = numberOf(text);
    if (integerProblem(value ?? text, flag) !== undefined) {
      throw new UsageError(`${flag}: ${show(text)} is no priority`, {
        validOptions: ["a whole number (higher runs sooner, 0 is usual)", ...Object.keys(PRIORITY_WORDS)],
      });
    }
    return value ?? 0;
  };
}

/** @param least in milliseconds, as `most`; the bounds the library has for the same option, asked before anything is opened */
export function durationFlag(flag: string, least = 1, most = MAX_TIMER_MS): Reader<number> {
  return (text) => {
    const ms = parseDuration(text, flag);
    if (ms < least) throw new UsageError(`${flag}: ${show(text)} is too short; at least ${formatDuration(least)}`);
    if (ms > most) throw new UsageError(`${flag}: ${show(text)} is too long; at most ${formatDuration(most)}`);
    return ms;
  };
}

/** Text of 1 to 255 characters. */
export function textFlag(flag: string): Reader<string> {
  return (text) => {
    if (text.length >= 1 && text.length <= MAX_TEXT_LENGTH) return text;
    throw new UsageError(`${flag} must have 1 to ${MAX_TEXT_LENGTH} characters; it has ${text.length}`);
  };
}

export function nameFlag(flag: string): Reader<string> {
  return (text) => {
    refuse(nameProblem(text, flag));
    return text;
  };
}

/** Labels apart by commas; the option may be given more than once. */
export function labelsFlag(flag: string): (text: string, before?: readonly string[]) => readonly string[] {
  return (text, before = []) => {
    const labels = text.split(",").map((label) => label.trim());
    refuse(labelsProblem(labels, flag));
    return [...before, ...labels];
  };
}

/** `name=value`, or a bare `name` for one without a value; the option may be given more than once. */
export function tagsFlag(
  flag: string,
): (text: string, before?: Readonly<Record<string, string>>) => Readonly<Record<string, string>> {
  return (text, before = {}) => {
    const { name, value } = splitPair(text);
    if (name === "") throw new UsageError(`${flag}: ${show(text)} has no name; expected name=value`);
    if (Object.hasOwn(before, name)) throw new UsageError(`${flag}: ${show(name)} is given twice`);
    if (name.length > 100 || (value ?? "").length > MAX_TEXT_LENGTH) {
      throw new UsageError(
        `${flag}: a tag has a name of at most 100 and a value of at most ${MAX_TEXT_LENGTH} characters`,
      );
    }
    return { ...before, [name]: value ?? "" };
  };
}

/** The text before and after the first `=`. */
export function splitPair(text: string): { readonly name: string; readonly value: string | null } {
  const at = text.indexOf("=");
  if (at === -1) return { name: text.trim(), value: null };
  return { name: text.slice(0, at).trim(), value: text.slice(at + 1) };
}

function numberOf(text: string): number | null {
  return /^[+-]?\d+$/.test(text.trim()) ? Number(text) : null;
}
