import { throwIfAborted } from "@drayage/errors";

interface Attempts<Item> {
  readonly act: (item: Item) => Promise<void>;
  /** Told of each error but the last. */
  readonly tell: (error: unknown) => void;
  readonly signal: AbortSignal | undefined;
}

/** Does all that is asked for, whatever fails of it. What fails is told of before the next that does; the last error is thrown. */
export async function attemptEach<Item>(
  items: readonly Item[],
  { act, tell, signal }: Attempts<Item>,
): Promise<void> {
  let last: { readonly error: unknown } | undefined;
  for (const item of items) {
    throwIfAborted(signal);
    try {
      await act(item);
    } catch (error) {
      if (last !== undefined) tell(last.error);
      last = { error };
    }
  }
  if (last !== undefined) throw last.error;
}
