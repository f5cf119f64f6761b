import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync, type Comment, type TSInterfaceDeclaration } from "oxc-parser";

/** A doc comment, taken apart. */
export interface DocComment {
  /** Paragraphs, each in one line. */
  readonly text: string;
  /** What follows `@default`. */
  readonly fallback: string | null;
}

export interface Member {
  readonly name: string;
  /** As written in the source. */
  readonly type: string;
  readonly isOptional: boolean;
  readonly doc: DocComment;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** A source file of the package, to ask for what its comments say. */
export class Source {
  readonly path: string;
  readonly #text: string;
  readonly #comments: readonly Comment[];
  readonly #declarations = new Map<string, { readonly span: Span; readonly members: readonly Member[] }>();

  /** @param path below packages/millrace/src */
  constructor(path: string) {
    this.path = path;
    this.#text = readFileSync(fileURLToPath(new URL(`../../packages/millrace/src/${path}`, import.meta.url)), "utf8");
    const { program, comments, errors } = parseSync(path, this.#text);
    if (errors[0] !== undefined) throw new Error(`${path} cannot be parsed: ${errors[0].message}`);
    this.#comments = comments;
    for (const node of program.body) {
      const declared = node.type === "ExportNamedDeclaration" ? node.declaration : node;
      const span = { start: node.start, end: node.end };
      const add = (name: string, members: readonly Member[] = []): void =>
        void this.#declarations.set(name, { span, members });
      if (declared?.type === "TSInterfaceDeclaration") add(declared.id.name, this.#membersOf(declared));
      else if (declared?.type === "ClassDeclaration" && declared.id !== null) add(declared.id.name);
      else if (declared?.type === "TSTypeAliasDeclaration") add(declared.id.name);
      else if (declared?.type === "VariableDeclaration") {
        for (const { id } of declared.declarations) if (id.type === "Identifier") add(id.name);
      }
    }
  }

  /** The properties of an interface, in order. */
  members(name: string): readonly Member[] {
    const { members } = this.#find(name);
    if (members.length === 0) throw new Error(`${this.path}: ${name} has no properties`);
    return members;
  }

  docOf(name: string): DocComment {
    return this.#docBefore(this.#find(name).span.start);
  }

  /** A declaration as it stands in the source, without the comment above it. */
  textOf(name: string): string {
    return this.#slice(this.#find(name).span);
  }

  #membersOf(declared: TSInterfaceDeclaration): readonly Member[] {
    return declared.body.body.flatMap((member): readonly Member[] => {
      if (member.type !== "TSPropertySignature" || member.key.type !== "Identifier") return [];
      const type = member.typeAnnotation?.typeAnnotation;
      return [
        {
          name: member.key.name,
          type: type === undefined ? "unknown" : this.#slice(type),
          isOptional: member.optional,
          doc: this.#docBefore(member.start),
        },
      ];
    });
  }

  #find(name: string): { readonly span: Span; readonly members: readonly Member[] } {
    const found = this.#declarations.get(name);
    if (found === undefined) throw new Error(`${this.path} declares no ${name}`);
    return found;
  }

  #slice({ start, end }: Span): string {
    return this.#text.slice(start, end);
  }

  #docBefore(start: number): DocComment {
    const comment = this.#comments.findLast(({ end }) => end <= start);
    const isOurs = comment !== undefined && this.#text.slice(comment.end, start).trim() === "";
    return isOurs && comment.type === "Block" && comment.value.startsWith("*")
      ? parseDoc(comment.value)
      : { text: "", fallback: null };
  }
}

function parseDoc(value: string): DocComment {
  const lines = value
    .slice(1)
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd());
  const [body = "", ...tags] = lines.join("\n").split(/(?:^|\s)@(?=default|param|throws)/);
  const fallback = tags.find((tag) => tag.startsWith("default "));
  return { text: flow(body), fallback: fallback === undefined ? null : flow(fallback.slice("default ".length)) };
}

/** Lines that belong together, as one; paragraphs stay apart. */
function flow(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.split(/\s+/).join(" ").trim())
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}
