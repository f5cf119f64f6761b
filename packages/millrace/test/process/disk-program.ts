import { isMillraceError, openMillrace } from "millrace";
import type { FromFiller, Refusal } from "./disk-messages.ts";

const { url } = JSON.parse(process.argv[2] ?? "{}") as { url: string };

const payload = "x".repeat(2_000);
const tell = (message: FromFiller): void => void process.send?.(message);

const mill = await openMillrace(url);
const refusals: Refusal[] = [];
while (refusals.length < 5) {
  try {
    const jobs = await Promise.all(Array.from({ length: 10 }, () => mill.enqueue("fill", payload)));
    tell({ type: "acknowledged", jobs: jobs.map(({ id, number }) => ({ id, number })) });
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    const { code, retryable, name, message } = error;
    refusals.push({ code, retryable, name, message });
  }
}
tell({ type: "full", refusals });
await mill.close().catch(() => undefined);
process.disconnect();
