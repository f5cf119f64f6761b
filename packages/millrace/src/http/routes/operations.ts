import type { OpenAPIHono } from "@hono/zod-openapi";
import { ShutdownError, StoreError } from "../../core/errors.ts";
import * as api from "../api/operations.ts";
import { openApiText } from "../open-api.ts";
import { rightTo } from "../policy.ts";
import { prometheusText } from "../prometheus.ts";
import type { RequestMetrics } from "../request-metrics.ts";
import { ServerMetrics } from "../server-metrics.ts";
import type { Env, Service } from "../service.ts";
import { organisationMetrics } from "../organisation-metrics.ts";

const READY_WITHIN_MS = 1_000;
const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** How the server is, for whoever watches it. */
export function operationRoutes(app: OpenAPIHono<Env>, service: Service, requests: RequestMetrics): void {
  const { kernel, stopping } = service;
  const server = new ServerMetrics(service);
  let document: string | undefined;
  let asking: Promise<void> | undefined;

  /** One question at a time: whoever asks meanwhile hears the same answer, so that no caller can load the store by it. */
  async function askStore(): Promise<void> {
    asking ??= storeAnswers(service).finally(() => (asking = undefined));
    return asking;
  }

  app.openapi(api.getHealth, (c) => c.json({ status: "ok" as const, timestamp: new Date().toISOString() }, 200));

  app.openapi(api.getReadiness, async (c) => {
    if (stopping.aborted || kernel.closing.aborted) throw new ShutdownError("the server is stopping");
    await askStore();
    return c.json({ status: "ok" as const, timestamp: new Date().toISOString() }, 200);
  });

  app.openapi(api.getMetrics, async (c) => {
    const principal = c.get("principal");
    rightTo(principal, "read organisation");
    const ofOrganisation = await organisationMetrics(service.clientOf(principal), new Date(kernel.clock.now()));
    const text = prometheusText([...ofOrganisation, ...requests.metrics(principal.org), ...server.metrics()]);
    return c.text(text, 200, { "Content-Type": PROMETHEUS_TYPE });
  });

  app.openapi(api.getOpenApi, (c) => {
    // When it is first asked for, all routes have been registered.
    document ??= openApiText(app, service.basePath);
    return c.body(document, 200, { "Content-Type": "application/json" }) as never;
  });
}

/** @throws StoreError when the store has not answered in time, or its own */
async function storeAnswers({ kernel }: Service): Promise<void> {
  const late = Promise.withResolvers<never>();
  const message = `the store has not answered within ${READY_WITHIN_MS} ms`;
  const timer = setTimeout(() => late.reject(new StoreError("store_unavailable", message)), READY_WITHIN_MS);
  const answer = kernel.store.get([kernel.newId()]);
  try {
    await Promise.race([answer, late.promise]);
  } catch (error) {
    answer.catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
