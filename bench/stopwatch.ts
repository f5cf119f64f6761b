import type { Contestant } from "./contestants/contestant.ts";
import type { Figures } from "./task.ts";

/**
 * Wall and CPU time of some work on `jobs` jobs. CPU time holds still where wall time moves with what else the machine
 * does; that of a server beside this process is counted in. So is what a PostgreSQL writes to its log. The memory is the
 * most that this process has had.
 */
export async function timed(
  jobs: number,
  work: () => Promise<unknown>,
  contestant?: Pick<Contestant, "serverCpuMs" | "walBytes">,
): Promise<Figures> {
  const walBefore = await contestant?.walBytes?.();
  const serverBefore = (await contestant?.serverCpuMs?.()) ?? 0;
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const serverMs = ((await contestant?.serverCpuMs?.()) ?? 0) - serverBefore;
  const walAfter = await contestant?.walBytes?.();
  return {
    ...(walBefore === undefined || walAfter === undefined ? {} : { walBytesPerJob: (walAfter - walBefore) / jobs }),
    perSecond: jobs / seconds,
    peakRssMb: process.resourceUsage().maxRSS / 1_024,
    seconds,
    ...(contestant?.serverCpuMs === undefined ? {} : { serverCpuMsPer1000: (serverMs / jobs) * 1_000 }),
    cpuMsPer1000: (((user + system) / 1_000 + serverMs) / jobs) * 1_000,
  };
}
