const EXIT_CODE_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Let the first SIGINT or SIGTERM stop things in order, and the second one end the process at once. Answers a function
 * that gives the signals back to the system.
 */
export function onStopSignal(stop: (signal: keyof typeof EXIT_CODE_BY_SIGNAL) => void): () => void {
  let count = 0;
  const listener = (signal: NodeJS.Signals): void => {
    const known = signal === "SIGINT" ? "SIGINT" : "SIGTERM";
    count += 1;
    if (count > 1) process.exit(EXIT_CODE_BY_SIGNAL[known]);
    stop(known);
  };
  process.on("SIGINT", listener);
  process.on("SIGTERM", listener);
  return () => {
    process.off("SIGINT", listener);
    process.off("SIGTERM", listener);
  };
}
