import { registerHooks } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

/**
 * Loaded before a program (`node --import`): gives it sources of Millrace as edits would have them, which stand in
 * `MILLRACE_TEST_EDITS` as JSON. Without it, nothing is changed. An edit that finds nothing to change is an error.
 */
const EDITS = JSON.parse(process.env["MILLRACE_TEST_EDITS"] ?? "[]") as readonly SourceEdit[];
const SRC = fileURLToPath(new URL("../../../src/", import.meta.url));

/** One text of a file below `src`, and what it is replaced by. */
export interface SourceEdit {
  readonly file: string;
  readonly found: string;
  readonly replacement: string;
}

if (EDITS.length > 0) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      const file = url.startsWith("file:") ? fileURLToPath(url) : "";
      const edits = EDITS.filter((edit) => file === `${SRC}${edit.file}`);
      if (edits.length === 0 || loaded.source === undefined || loaded.source === null) return loaded;
      let source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      for (const { found, replacement } of edits) {
        if (!source.includes(found)) throw new Error(`${file} does not contain ${JSON.stringify(found)} any more`);
        source = source.replace(found, () => replacement);
      }
      return { ...loaded, source };
    },
  });
}
