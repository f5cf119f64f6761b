import type { JobId } from "../../core/job.ts";
import { answerTo } from "../history/calls.ts";
import type { AskedJob } from "./asked-for.ts";
import { doubtsOf } from "./doubts.ts";
import type { Evidence } from "./evidence.ts";
import type { Told } from "./findings.ts";
import type { JobStep } from "./job-step.ts";
import { Times, type Span } from "./times.ts";

/** Whoever claims may not know of a fairness key before. */
const NOTICE_US = 1_000_000;
/** A claim that fills up among rivals gives each so small a share of it. */
const TURNS = 32;

/** A job that was taken from a queue. */
interface Take extends Span {
  readonly fairKey: string | null;
  readonly worker: string;
  readonly max: number;
  readonly told: Told;
}

interface Queue {
  readonly takes: Take[];
  /** By fairness key, when a job of it waited that any worker could have taken. */
  readonly waits: Map<string | null, Span[]>;
}

/**
 * G12: the fairness keys of a queue take turns, so none starves. While one has a job that waits and gets no turn, each
 * worker may give every other key two turns, and no more: one that was begun before, and one of the round. Turns at a
 * time when jobs may have been held by somebody who gave them back do not count.
 */
export function checkTurns(evidence: Evidence, steps: ReadonlyMap<JobId, readonly JobStep[]>): void {
  const { findings } = evidence;
  const doubts = doubtsOf(evidence);
  for (const [name, { takes, waits }] of queuesOf(evidence, steps)) {
    if (waits.size < 2) continue;
    const keyCount = new Set(takes.map(({ fairKey }) => fairKey)).size;
    for (const [fairKey, spans] of waits) {
      const own = takes.filter((take) => take.fairKey === fairKey).toSorted((a, b) => a.from - b.from);
      const rivals = takes.filter((take) => take.fairKey !== fairKey).toSorted((a, b) => a.from - b.from);
      for (const { from, until } of new Times(spans).spans) {
        for (const without of between(from, until, own)) {
          findings.judged("G12");
          const passed = rivals.filter(
            (take) =>
              take.from > without.from + NOTICE_US &&
              take.until < without.until &&
              !doubts.meets(take.from, take.until),
          );
          const workers = Map.groupBy(passed, ({ worker }) => worker);
          let most = 0;
          for (const each of workers.values()) {
            const max = each.reduce((highest, take) => Math.max(highest, take.max), 1);
            most += 2 * keyCount * Math.max(1, Math.ceil(max / TURNS)) + max;
          }
          if (passed.length <= most) continue;
          const whose = fairKey === null ? "jobs without a fairness key" : `the fairness key ${fairKey}`;
          const [first, last] = [passed[0], passed.at(-1)];
          const message = `in ${name}, ${whose} waited while others had ${passed.length} turns of at most ${most}`;
          const told = [first, last].flatMap((take) => (take === undefined ? [] : [take.told]));
          findings.violated("G12", message, [name], told);
        }
      }
    }
  }
}

function queuesOf(
  { history, asked }: Evidence,
  steps: ReadonlyMap<JobId, readonly JobStep[]>,
): ReadonlyMap<string, Queue> {
  const queues = new Map<string, Queue>();
  const queueNamed = (name: string): Queue => {
    let queue = queues.get(name);
    if (queue === undefined) queues.set(name, (queue = { takes: [], waits: new Map() }));
    return queue;
  };
  for (const [id, { job, until, isUndone, by }] of asked) {
    const { queue, fairKey, requires = [], isDelayed } = job;
    if (queue === undefined || fairKey === undefined || requires.length > 0) continue;
    if (isDelayed !== false || until === Infinity || isUndone || by !== "enqueue") continue;
    const leftFrom = firstTouch(steps.get(id) ?? []);
    if (leftFrom <= until) continue;
    const { waits } = queueNamed(queue);
    const spans = waits.get(fairKey) ?? [];
    waits.set(fairKey, spans);
    spans.push({ from: until, until: leftFrom });
  }
  for (const { operation, answer, from, until, process } of history.calls) {
    if (operation.name !== "claim") continue;
    const leases = answerTo("claim", answer)?.leases ?? [];
    for (const { job: id } of leases) {
      const { queue, fairKey }: Partial<AskedJob["job"]> = asked.get(id)?.job ?? {};
      if (queue === undefined || fairKey === undefined) continue;
      const max = operation.max ?? leases.length;
      const told = { from, until, process, said: `claimed ${id}${fairKey === null ? "" : ` of ${fairKey}`}` };
      queueNamed(queue).takes.push({ from, until, fairKey, worker: operation.worker, max, told });
    }
  }
  return queues;
}

/** When somebody may first have taken a job; never, for one that waits in the end and may be in a queue that rests. */
function firstTouch(steps: readonly JobStep[]): number {
  let first = Infinity;
  for (const { kind, from } of steps) if (kind === "claim" || kind === "cancel") first = Math.min(first, from);
  return first === Infinity ? -Infinity : first;
}

/** The stretches of a span in which none of the takes was under way. */
function between(from: number, until: number, takes: readonly Take[]): readonly Span[] {
  const spans: Span[] = [];
  let at = from;
  for (const take of takes) {
    if (take.until <= at) continue;
    if (take.from >= until) break;
    if (take.from > at) spans.push({ from: at, until: take.from });
    at = Math.max(at, take.until);
  }
  if (at < until) spans.push({ from: at, until });
  return spans;
}
