import type { Secrets } from "./secrets.ts";

/** What is shorter stands in too many harmless texts. */
const LEAST_LENGTH = 4;
/** A line of a value with several, such as a key in PEM, and a part of what is encoded. */
const LEAST_PART_LENGTH = 8;
/** So deep a tree of patterns grows; what is longer is compared from there on. */
const DEPTH = 64;

/** Roughly what an edge of that tree takes, in bytes. */
const EDGE_BYTES = 48;

interface LongForm {
  readonly form: string;
  readonly name: string;
}

/**
 * Takes the values of secrets out of texts, the longest first: `[secret NAME]` stands in their place. They are also found
 * in base64, alone or inside of something else, escaped as in JSON or in a URL, and line by line. Of a long value that is
 * cut off, what is there is taken out. Time grows with the text, and hardly with the secrets.
 */
export class Redactor {
  /** Roughly what it takes, in bytes. */
  readonly size: number;
  /** The tree of patterns: from a node and a character to the next node. The root is 0. */
  readonly #edges = new Map<number, number>();
  /** The secret of which a form ends at a node. */
  readonly #ends = new Map<number, string>();
  /** Forms that go on below one of the deepest nodes. */
  readonly #longer = new Map<number, LongForm[]>();
  readonly #nameByValue = new Map<string, string>();

  constructor(secrets: Secrets) {
    let length = 0;
    for (const [name, value] of Object.entries(secrets)) {
      if (value.length < LEAST_LENGTH) continue;
      this.#nameByValue.set(value, name);
      for (const form of formsOf(value)) {
        this.#add(form, name);
        length += form.length;
      }
    }
    this.size = this.#edges.size * EDGE_BYTES + length * 2;
  }

  text(text: string): string {
    if (this.#edges.size === 0) return text;
    let redacted = "";
    let taken = 0;
    for (let at = 0; at < text.length;) {
      const match = this.#matchAt(text, at);
      if (match === undefined) {
        at += 1;
        continue;
      }
      redacted += `${text.slice(taken, at)}[secret ${match.name}]`;
      at = taken = match.end;
    }
    return taken === 0 ? text : redacted + text.slice(taken);
  }

  /** A JSON value with all its texts and names redacted; a number that is a secret becomes text. */
  value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") {
      const name = this.#nameByValue.get(String(value));
      return name === undefined ? value : `[secret ${name}]`;
    }
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((part) => this.value(part));
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [this.text(name), this.value(part)]));
  }

  #add(form: string, name: string): void {
    let node = 0;
    for (let at = 0; at < Math.min(form.length, DEPTH); at++) {
      const edge = edgeOf(node, form.charCodeAt(at));
      // Each node has one edge that leads to it, so their count is the next number.
      const next = this.#edges.get(edge) ?? this.#edges.size + 1;
      this.#edges.set(edge, next);
      node = next;
    }
    if (form.length > DEPTH) {
      const longer = this.#longer.get(node);
      if (longer === undefined) this.#longer.set(node, [{ form, name }]);
      else longer.push({ form, name });
    } else if (!this.#ends.has(node)) this.#ends.set(node, name);
  }

  /** The longest form that begins here. */
  #matchAt(text: string, start: number): { readonly name: string; readonly end: number } | undefined {
    let name: string | undefined;
    let end = start;
    let node: number | undefined = 0;
    for (let at = start; at < text.length; at++) {
      node = this.#edges.get(edgeOf(node, text.charCodeAt(at)));
      if (node === undefined) break;
      const ended = this.#ends.get(node);
      if (ended !== undefined) [name, end] = [ended, at + 1];
      for (const longer of at - start === DEPTH - 1 ? (this.#longer.get(node) ?? []) : []) {
        const reached = start + commonLength(text, start, longer.form);
        if (reached > end) [name, end] = [longer.name, reached];
      }
    }
    return name === undefined ? undefined : { name, end };
  }
}

function edgeOf(node: number, code: number): number {
  return node * 65_536 + code;
}

/** How much of the form stands there. */
function commonLength(text: string, start: number, form: string): number {
  let length = DEPTH;
  while (length < form.length && text.charCodeAt(start + length) === form.charCodeAt(length)) length += 1;
  return length;
}

/** A value in all the ways in which it may be written. */
function formsOf(value: string): ReadonlySet<string> {
  const lines = value.split(/\r?\n/).filter((line) => line.length >= LEAST_PART_LENGTH);
  const encoded = base64FormsOf(value);
  const inUrls = encoded.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  const escaped = JSON.stringify(value).slice(1, -1);
  // Half of a pair of surrogates has no form in a URL.
  const inUrl = value.isWellFormed() ? [encodeURIComponent(value)] : [];
  return new Set([value, ...lines, escaped, ...inUrl, ...encoded, ...inUrls]);
}

/** Whole, and what of it is certain when something else is in front of it and behind. */
function base64FormsOf(value: string): string[] {
  const bytes = new TextEncoder().encode(value);
  const whole = base64Of(bytes, 0);
  const parts = [0, 1, 2]
    .map((shift) => {
      const end = Math.floor((8 * (shift + bytes.length)) / 6);
      return base64Of(bytes, shift).slice(Math.ceil((8 * shift) / 6), end);
    })
    .filter((part) => part.length >= LEAST_PART_LENGTH);
  return [whole, whole.replace(/=+$/, ""), ...parts];
}

const CHUNK = 8_192;

function base64Of(bytes: Uint8Array, shift: number): string {
  let text = "\0".repeat(shift);
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}
