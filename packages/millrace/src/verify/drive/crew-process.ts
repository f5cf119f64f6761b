import type { Millrace } from "../../runtime/millrace.ts";
import type { Entry } from "../history/entry.ts";
import type { CrewInput, FromCrew, ToCrew } from "./messages.ts";
import { microseconds } from "./microseconds.ts";
import { openRecorded } from "./open-recorded.ts";
import { HISTORY_PIPE, writeLine } from "./write-lines.ts";

const TELL_EVERY_MS = 200;
const LOOK_EVERY_MS = 50;
/** What an event loop may be late without anybody asking why. */
const STALL_MS = 75;

/** A process of the crew, as its program sees it. */
export interface CrewProcess {
  readonly mill: Millrace;
  readonly write: (entry: Entry) => void;
  readonly input: CrewInput;
  /** Fires when it is to end politely. */
  readonly leaving: AbortSignal;
  /** Tell the drive of so many more jobs. */
  did(count: number): void;
  /** Say that it works now. */
  started(): void;
  /** To be called at the very end: nothing keeps the process alive afterwards. */
  left(): void;
}

/** Join the crew whose drive has started this process. It ends at once when the drive is gone. */
export async function joinCrew(role: "producer" | "worker"): Promise<CrewProcess> {
  // Not as an argument: it may hold a key, and those are seen by all who list processes.
  const input = await new Promise<CrewInput>((resolve) => void process.once("message", resolve));
  process.on("disconnect", () => process.exit(1));
  // Ctrl-C at a terminal reaches all processes of the group; the drive decides what comes of it.
  process.on("SIGINT", () => undefined);
  const tell = (message: FromCrew): void => {
    if (process.connected) process.send?.(message);
  };
  const leaving = new AbortController();
  process.on("message", (message: ToCrew) => {
    if (message.type === "leave") leaving.abort();
  });
  const write = (entry: Entry): void => writeLine(HISTORY_PIPE, entry);
  const { name, place, seed } = input;
  write({ type: "process", at: microseconds(), process: name, name: place, pid: process.pid, seed, role });
  const mill = await openRecorded(input, write);

  let count = 0;
  const telling = setInterval(() => {
    if (count > 0) tell({ type: "did", count });
    count = 0;
  }, TELL_EVERY_MS);
  let lookedAt = microseconds();
  const looking = setInterval(() => {
    const at = lookedAt + LOOK_EVERY_MS * 1_000;
    lookedAt = microseconds();
    if (lookedAt - at > STALL_MS * 1_000) write({ type: "stall", process: name, at, until: lookedAt });
  }, LOOK_EVERY_MS);

  return {
    input,
    mill,
    write,
    leaving: leaving.signal,
    did: (more) => void (count += more),
    started: () => tell({ type: "started" }),
    left: () => {
      clearInterval(telling);
      clearInterval(looking);
      if (count > 0) tell({ type: "did", count });
      process.removeAllListeners("disconnect");
      process.disconnect();
    },
  };
}
