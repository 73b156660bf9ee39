/** Tells when the other side has done nothing for a time, while it is its turn. */
export interface IdleWatch {
  /** It is the other side's turn, or it has just done something. */
  start(milliseconds?: number): void;
  /** It is our turn. */
  stop(): void;
}

export function createIdleWatch(usual: number, onIdle: (milliseconds: number) => void): IdleWatch {
  let timer: NodeJS.Timeout | undefined;
  let running = 0;
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    start(milliseconds = usual) {
      // refresh() is much cheaper than a new timer, and this is called for every chunk.
      if (timer !== undefined && running === milliseconds) {
        timer.refresh();
        return;
      }
      stop();
      running = milliseconds;
      timer = setTimeout(() => {
        timer = undefined;
        onIdle(milliseconds);
      }, milliseconds);
    },
    stop,
  };
}
