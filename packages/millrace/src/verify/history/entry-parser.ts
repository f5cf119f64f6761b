import { InputError } from "../../core/errors.ts";
import type { Answer, Entry, Operation } from "./entry.ts";
import { parseEntry } from "./parse-entry.ts";

interface OpenCall {
  readonly at: number;
  readonly operation: Operation;
}

/**
 * Parses the lines of a history one after the other, and sees to it that they fit together: each answer is to a call of
 * its process that was asked before and not answered yet, and answers what was asked, item by item.
 * @returns a function that takes a line and where it is, and throws InputError when it does not fit
 */
export function createEntryParser(): (value: unknown, where: string) => Entry {
  const open = new Map<string, Map<number, OpenCall>>();
  return (value, where) => {
    const entry = parseEntry(value, where);
    if (entry.type !== "call" && entry.type !== "answer") return entry;
    const { process, call, at } = entry;
    const refuse = (problem: string): never => {
      throw new InputError("request_invalid", `${where}: ${problem}`);
    };
    let calls = open.get(process);
    if (calls === undefined) open.set(process, (calls = new Map<number, OpenCall>()));
    if (entry.type === "call") {
      if (calls.has(call))
        refuse(`call ${call} of ${process} was asked before and not answered; each has its own number`);
      calls.set(call, { at, operation: entry.operation });
      return entry;
    }
    const asked = calls.get(call);
    if (asked === undefined) return refuse(`${process} has no call ${call} before it that waits for an answer`);
    if (at < asked.at) refuse(`the answer to call ${call} of ${process} is at ${at}, before the call at ${asked.at}`);
    const problem = misfit(asked.operation, entry.answer);
    if (problem !== undefined) refuse(`the answer to call ${call} of ${process} ${problem}`);
    calls.delete(call);
    return entry;
  };
}

function misfit(operation: Operation, answer: Answer): string | undefined {
  if (answer.name === "error") return undefined;
  if (answer.name !== operation.name) return `is named ${answer.name}, and ${operation.name} was asked for`;
  const [asked, answered] = [itemsOf(operation), itemsOf(answer)];
  if (asked === undefined || answered === undefined || asked === answered) return undefined;
  return `has ${answered} items, and ${asked} were asked for`;
}

function itemsOf(said: Operation | Answer): number | undefined {
  if ("results" in said) return said.results.length;
  if ("statuses" in said) return said.statuses.length;
  if (said.name === "enqueue" || said.name === "cancel") return "jobs" in said ? said.jobs.length : undefined;
  if (said.name === "heartbeat" || said.name === "report") return "leases" in said ? said.leases.length : undefined;
  return said.name === "settle" && "ends" in said ? said.ends.length : undefined;
}
