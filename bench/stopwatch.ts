import type { Contestant } from "./contestants/contestant.ts";
import type { Figures } from "./task.ts";

/**
 * Wall and CPU time of some work on `jobs` jobs. CPU time holds still where wall time moves with what else the machine
 * does; that of a server beside this process is counted in.
 */
export async function timed(
  jobs: number,
  work: () => Promise<unknown>,
  contestant?: Pick<Contestant, "serverCpuMs">,
): Promise<Figures> {
  const serverBefore = (await contestant?.serverCpuMs?.()) ?? 0;
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const serverMs = ((await contestant?.serverCpuMs?.()) ?? 0) - serverBefore;
  return {
    perSecond: jobs / seconds,
    seconds,
    cpuMsPer1000: (((user + system) / 1_000 + serverMs) / jobs) * 1_000,
  };
}
