import { countOf, type Figures, type Task } from "../task.ts";
import { loadAutocannon } from "../load-autocannon.ts";
import { withServer } from "../with-server.ts";

/** `POST /v1/jobs` from so many connections, each of which waits for its answer; sent by autocannon. */
export async function measure(task: Task): Promise<Figures> {
  const jobs = countOf(task, "jobs");
  const autocannon = await loadAutocannon();
  return withServer(task, jobs, async ({ url, headers }) => {
    const result = await autocannon({
      url: `${url}/v1/jobs`,
      method: "POST",
      headers,
      body: JSON.stringify({ kind: "bench", payload: { n: 1 } }),
      connections: countOf(task, "connections"),
      amount: jobs,
    });
    const answered = result["2xx"];
    if (answered !== jobs) throw new Error(`${answered} of ${jobs} requests were answered with 2xx`);
    const { p50, p97_5, p99, p99_9 } = result.latency;
    return { perSecond: jobs / result.duration, p50Ms: p50, p975Ms: p97_5, p99Ms: p99, p999Ms: p99_9 };
  });
}
