import { isMillraceError, openMillrace } from "millrace";
import type { FromWriter } from "./writer-messages.ts";

const { url } = JSON.parse(process.argv[2] ?? "{}") as { url: string };
const tell = (message: FromWriter): void => void process.send?.(message);

// Writes one job after the other, come what may, and tells what it was answered.
const mill = await openMillrace(url);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
while (!stop.signal.aborted) {
  try {
    const { id } = await mill.enqueue("fill", "x".repeat(2_000));
    tell({ type: "acknowledged", id });
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    tell({ type: "refused", code: error.code, message: error.message });
  }
}
await mill.close();
process.disconnect();
