/** Where a JSON text stops being JSON. */
export interface JsonFault {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** What stands there: a quoted character, or "the end of the text". */
  readonly found: string;
  readonly expected: string;
}

/**
 * The first place where a text breaks the JSON grammar, or `null` for JSON. The platform's own message names the place
 * for some mistakes and leaves it out for others.
 */
export function locateJsonFault(text: string): JsonFault | null {
  const scan = new Scan(text);
  try {
    scan.value(0);
    scan.space();
    if (scan.at < text.length) scan.refuse("nothing more");
    return null;
  } catch (error) {
    if (error instanceof Fault) return describe(text, error);
    throw error;
  }
}

class Fault extends Error {
  readonly at: number;
  readonly expected: string;
  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
    this.expected = expected;
  }
}

// Deeper than the platform's parser goes; a text nested so far is refused for its size long before.
const MAX_DEPTH = 2_000;

class Scan {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): void {
    if (depth > MAX_DEPTH) this.refuse(`at most ${MAX_DEPTH} levels`);
    this.space();
    const first = this.#text.charAt(this.at);
    if (first === "{") this.#members("}", depth, true);
    else if (first === "[") this.#members("]", depth, false);
    else if (first === '"') this.#string();
    else if (!this.#matches(/(?:true|false|null)(?![A-Za-z0-9_])/y) && !this.#number()) this.refuse("a value");
  }

  space(): void {
    this.#matches(/[ \t\r\n]*/y);
  }

  refuse(expected: string): never {
    throw new Fault(this.at, expected);
  }

  #members(close: "}" | "]", depth: number, isObject: boolean): void {
    this.at += 1;
    this.space();
    if (this.#takes(close)) return;
    for (;;) {
      this.space();
      if (isObject) {
        if (this.#text.charAt(this.at) !== '"') this.refuse("a name in double quotes");
        this.#string();
        this.space();
        if (!this.#takes(":")) this.refuse('":"');
      }
      this.value(depth + 1);
      this.space();
      if (this.#takes(close)) return;
      if (!this.#takes(",")) this.refuse(`"," or "${close}"`);
    }
  }

  #string(): void {
    this.at += 1;
    for (;;) {
      // oxlint-disable-next-line no-control-regex -- control characters are what JSON strings must not hold
      this.#matches(/[^"\\\u0000-\u001f]*/y);
      if (this.#takes('"')) return;
      if (this.#text.charAt(this.at) !== "\\") this.refuse('a closing double quote (")');
      if (!this.#matches(/\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y)) this.refuse("an escape such as \\n or \\u00e9");
    }
  }

  #number(): boolean {
    if (!this.#matches(/-?(?:0|[1-9]\d*)/y)) return false;
    if (/\d/.test(this.#text.charAt(this.at))) this.refuse("a number without leading zeros");
    if (this.#takes(".") && !this.#matches(/\d+/y)) this.refuse("a digit");
    if (this.#matches(/[eE][+-]?/y) && !this.#matches(/\d+/y)) this.refuse("a digit");
    return true;
  }

  #takes(character: string): boolean {
    if (this.#text.charAt(this.at) !== character) return false;
    this.at += 1;
    return true;
  }

  #matches(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.#text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }
}

function describe(text: string, { at, expected }: Fault): JsonFault {
  const before = text.slice(0, at).split("\n");
  const character = text.codePointAt(at);
  return {
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    found: character === undefined ? "the end of the text" : JSON.stringify(String.fromCodePoint(character)),
    expected,
  };
}
