import { pathToFileURL } from "node:url";

/**
 * What a file of the user's exports.
 * The only import whose name is worked out at run time: it leads to the user's own code, and to nothing of ours.
 */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
}
