const EXIT_CODE_BY_SIGNAL = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

type StopSignal = keyof typeof EXIT_CODE_BY_SIGNAL;

/**
 * Let the first signal stop things in order, and the second one end the process at once. Answers a function that gives
 * the signals back to the system.
 */
export function onStopSignal(
  stop: (signal: StopSignal) => void,
  signals: readonly StopSignal[] = ["SIGINT", "SIGTERM"],
): () => void {
  let count = 0;
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      count += 1;
      if (count > 1) process.exit(EXIT_CODE_BY_SIGNAL[signal]);
      stop(signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}
