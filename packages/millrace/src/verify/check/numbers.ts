import { answerTo, isUnheard } from "../history/calls.ts";
import type { Evidence } from "./evidence.ts";
import type { Told } from "./findings.ts";

/** Numbers that were given out together. */
interface Given extends Told {
  readonly first: number;
  readonly last: number;
  /** Whose they are; a number that is told twice of one is no repeat. */
  readonly whose: string;
}

/** All that is known of a scope. */
interface Scope {
  readonly given: Given[];
  /** Where the sequence was said to stand. */
  readonly adopted: Given[];
  /** Numbers up to there may have been left out. */
  leftOutTo: number;
  /** How many numbers may have been given out without anybody having heard of them. */
  unheardCount: number;
}

/**
 * G4: no number twice, none left out, what was told is what is there, and who came after was given a higher one. Each
 * number being there once, that is all it takes for a counter to be linearizable.
 */
export function checkNumbers(evidence: Evidence): void {
  const scopes = scopesOf(evidence);
  for (const [name, scope] of scopes) {
    const given = scope.given.toSorted((a, b) => a.first - b.first || a.from - b.from);
    evidence.findings.judged("G4", given.length);
    checkRepeats(evidence, name, given);
    checkGaps(evidence, name, given, scope);
    checkOrder(evidence, name, [...given, ...scope.adopted]);
  }
  checkTold(evidence);
}

function scopesOf({ history, asked, jobs }: Evidence): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>();
  const scopeOf = (name: string): Scope => {
    let scope = scopes.get(name);
    if (scope === undefined) scopes.set(name, (scope = { given: [], adopted: [], leftOutTo: 0, unheardCount: 0 }));
    return scope;
  };
  for (const { id, scope, number } of jobs.values()) {
    if (number === null) continue;
    const { from = -Infinity, until = Infinity, process = null } = asked.get(id) ?? {};
    const said = `enqueued ${id}, which is #${number}`;
    scopeOf(scope).given.push({ whose: id, first: number, last: number, from, until, process, said });
  }
  for (const [id, { job, number, from, until, process, isUndone }] of asked) {
    if (jobs.has(id) || isUndone) continue;
    // It was deleted, or never written; both may be without anybody having heard of its number.
    if (number === null) scopeOf(job.scope).unheardCount += job.numbered === false ? 0 : 1;
    else {
      const said = `enqueued ${id} and was told #${number}`;
      scopeOf(job.scope).given.push({ whose: id, first: number, last: number, from, until, process, said });
    }
  }
  for (const [i, call] of history.calls.entries()) {
    const { operation, answer, from, process } = call;
    const isLost = isUnheard(call);
    const until = isLost ? Infinity : call.until;
    if (!isLost && answer?.name === "error") continue;
    if (operation.name === "number") {
      const { scope, count } = operation;
      const first = answerTo("number", answer)?.first;
      if (first === undefined) scopeOf(scope).unheardCount += count;
      else scopeOf(scope).given.push(taken(i, first, count, { from, until, process }));
    }
    if (operation.name === "transact" && operation.to === "commit") {
      for (const { scope, first, count } of operation.numbers ?? []) {
        if (isLost) scopeOf(scope).unheardCount += count;
        else scopeOf(scope).given.push(taken(i, first, count, { from, until, process }));
      }
    }
    if (operation.name === "adopt") {
      const scope = scopeOf(operation.scope);
      const last = answerTo("adopt", answer)?.last;
      scope.leftOutTo = Math.max(scope.leftOutTo, operation.highest);
      if (last === undefined) continue;
      // Whatever began later got a higher one than that, and whatever had ended before no higher one.
      const said = `adopted numbers up to ${operation.highest} and was told that they stand at ${last}`;
      scope.adopted.push({ whose: `adopt ${i}`, first: last + 0.5, last: last + 0.5, from, until, process, said });
    }
  }
  return scopes;
}

function taken(call: number, first: number, count: number, told: Pick<Told, "from" | "until" | "process">): Given {
  const last = first + count - 1;
  const said = `took the ${count === 1 ? `number #${first}` : `numbers #${first} to #${last}`}`;
  return { whose: `number ${call}`, first, last, ...told, said };
}

function checkRepeats({ findings }: Evidence, scope: string, given: readonly Given[]): void {
  let highest: Given | undefined;
  for (const each of given) {
    if (highest !== undefined && highest.last >= each.first && highest.whose !== each.whose) {
      findings.violated("G4", `${scope} gave #${each.first} twice`, [scope], heard([highest, each]));
    }
    if (highest === undefined || each.last > highest.last) highest = each;
  }
}

function checkGaps({ findings }: Evidence, scope: string, given: readonly Given[], known: Scope): void {
  let next = 1;
  let missingCount = 0;
  let firstGap: { readonly number: number; readonly after: Given | undefined; readonly before: Given } | undefined;
  let last: Given | undefined;
  for (const each of given) {
    const from = Math.max(next, known.leftOutTo + 1);
    if (each.first > from) {
      missingCount += each.first - from;
      firstGap ??= { number: from, after: last, before: each };
    }
    next = Math.max(next, each.last + 1);
    last = each;
  }
  if (firstGap === undefined || missingCount <= known.unheardCount) return;
  const { number, after, before } = firstGap;
  const message = `${scope} has #${before.first} where #${number} should be`;
  findings.violated("G4", message, [scope], heard(after === undefined ? [before] : [after, before]));
}

/** Two calls of which one had ended when the other began, and whose numbers say otherwise. */
function checkOrder({ findings }: Evidence, scope: string, given: readonly Given[]): void {
  // From the highest number down, the earliest end of all that were given a higher one.
  let earliest: Given | undefined;
  for (const each of given.toSorted((a, b) => b.first - a.first)) {
    if (earliest !== undefined && earliest.until < each.from && earliest.first > each.first) {
      const message = `${scope} gave #${Math.ceil(earliest.first)} before #${Math.floor(each.first)}`;
      findings.violated("G4", message, [scope], [earliest, each]);
    }
    if (earliest === undefined || each.until < earliest.until) earliest = each;
  }
}

/** Whoever was told a number was told that which is there. */
function checkTold({ history, jobs, findings }: Evidence): void {
  for (const { operation, answer, from, until, process } of history.calls) {
    if (operation.name !== "enqueue") continue;
    for (const result of answerTo("enqueue", answer)?.results ?? []) {
      if (result === null || result.number === null) continue;
      const job = jobs.get(result.job);
      if (job === undefined || job.number === result.number) continue;
      const is = job.number === null ? "has no number" : `is #${job.number}`;
      const said = `was told that ${job.id} is #${result.number}`;
      const message = `${job.id} was told to be #${result.number} of ${job.scope} and ${is}`;
      findings.violated("G4", message, [job.id], [{ from, until, process, said }]);
    }
  }
}

/** Those that somebody asked for within the history. */
function heard(given: readonly Given[]): readonly Told[] {
  return given.filter(({ from }) => from > -Infinity);
}
