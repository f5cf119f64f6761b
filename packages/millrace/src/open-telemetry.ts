import type * as Api from "@opentelemetry/api";
import type { Move } from "./core/settlement.ts";
import type { Tracing } from "./runtime/tracing.ts";

type OpenTelemetry = typeof Api;

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;
const SYSTEM = "millrace";

let loading: Promise<Tracing | undefined> | undefined;

/** Traces by OpenTelemetry, where its API is installed; it is the application that says where they go. */
export function loadTracing(): Promise<Tracing | undefined> {
  // By a name that no bundler resolves: it need not be there.
  const name = "@opentelemetry/api";
  loading ??= import(name).then(
    (api: OpenTelemetry) => openTelemetry(api),
    () => undefined,
  );
  return loading;
}

/**
 * Spans and their attributes are named after the conventions for messaging systems.
 * Source: OpenTelemetry, "Semantic conventions for messaging spans".
 */
function openTelemetry({
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
}: OpenTelemetry): Tracing {
  const tracer = trace.getTracer("millrace");

  function contextOf(traceparent: string | null | undefined): Api.Context | undefined {
    const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? "") ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
    const traceFlags = Number.parseInt(flags, 16);
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
  }

  /** @param failureOf what went wrong, by the outcome; `undefined` when nothing did */
  function inSpan<T>(span: Api.Span, within: Api.Context, work: () => T, failureOf: (value: Awaited<T>) => Failure): T {
    const fail = (name: string, message: string): void => {
      span.recordException({ name, message });
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    };
    const end = (value: Awaited<T>): Awaited<T> => {
      const failure = failureOf(value);
      if (failure !== undefined) fail(failure.name, failure.message);
      span.end();
      return value;
    };
    const throwOn = (error: unknown): never => {
      fail(error instanceof Error ? error.name : "NonError", error instanceof Error ? error.message : String(error));
      span.end();
      throw error;
    };
    let result: T;
    try {
      result = context.with(trace.setSpan(within, span), work);
    } catch (error) {
      return throwOn(error);
    }
    return (result instanceof Promise ? result.then(end, throwOn) : end(result as Awaited<T>)) as T;
  }

  return {
    get isOn() {
      const provider = trace.getTracerProvider();
      // Until the application names one, there is nobody behind it.
      return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer("millrace") !== undefined;
    },
    current: () => {
      const { traceId, spanId, traceFlags } = trace.getSpanContext(context.active()) ?? {};
      if (traceId === undefined || spanId === undefined) return null;
      return `00-${traceId}-${spanId}-${(traceFlags ?? 0).toString(16).padStart(2, "0")}`;
    },
    continuing: (traceparent, work) => {
      const brought = trace.getSpan(context.active()) === undefined ? contextOf(traceparent) : undefined;
      return brought === undefined ? work() : context.with(brought, work);
    },
    enqueuing: ({ kind, queue = "default", count }, work) => {
      const attributes = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": "enqueue",
        "messaging.operation.type": "send",
        "messaging.destination.name": queue,
        "millrace.kind": kind,
        ...(count > 1 ? { "messaging.batch.message_count": count } : {}),
      };
      const span = tracer.startSpan(`enqueue ${queue}`, { kind: SpanKind.PRODUCER, attributes });
      return inSpan(span, context.active(), work, () => undefined);
    },
    attempting: ({ job, attempt, worker, trace: enqueued }, work) => {
      const parent = contextOf(enqueued) ?? ROOT_CONTEXT;
      const link = trace.getSpanContext(parent);
      const attributes = {
        "messaging.system": SYSTEM,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": job.queue,
        "messaging.message.id": job.id,
        "messaging.client.id": worker,
        "millrace.kind": job.kind,
        "millrace.attempt": attempt,
      };
      const links = link === undefined ? [] : [{ context: link }];
      const span = tracer.startSpan(`process ${job.queue}`, { kind: SpanKind.CONSUMER, attributes, links }, parent);
      return inSpan(span, parent, work, failureOfMove);
    },
  };
}

type Failure = { readonly name: string; readonly message: string } | undefined;

/** Why an attempt failed; one that was put off or given back did not. */
function failureOfMove(move: Move): Failure {
  return move.error ?? undefined;
}
