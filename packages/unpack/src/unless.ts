import { errnoOf } from "@drayage/errors";

/** Makes a call that may fail in one way. */
export function unless(errno: string, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (errnoOf(error) !== errno) throw error;
  }
}
