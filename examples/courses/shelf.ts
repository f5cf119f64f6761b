import { readFile } from "node:fs/promises";

/** Behind a bad line: the first two who ask are left without an answer. */
const FAR_AWAY = "stones.md";
const LOST_CALLS = 2;

/** Where the documents are. It answers as a server would that is not always there. */
export async function readFromShelf(file: string, attempt: number, signal: AbortSignal): Promise<string> {
  if (file === FAR_AWAY && attempt <= LOST_CALLS) throw new Error("connect ETIMEDOUT 192.0.2.1:443");
  try {
    return await readFile(new URL(`documents/${file}`, import.meta.url), { encoding: "utf8", signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`404: ${file} was not found`, { cause: error });
  }
}
