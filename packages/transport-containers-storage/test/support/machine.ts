import { isDrayageError } from "@drayage/errors";
import { overlayDriver } from "@drayage/storage-driver-overlay";
import { vfsDriver } from "@drayage/storage-driver-vfs";
import { testStore } from "./test-store.ts";

const drivers = { overlay: overlayDriver, vfs: vfsDriver } as const;

/** A storage driver that comes with drayage. */
export type DriverName = keyof typeof drivers;

export const driverNames: readonly DriverName[] = ["vfs", "overlay"];

export function driverOf(name: DriverName): ReturnType<typeof overlayDriver> {
  return drivers[name]();
}

/** Why a driver cannot be tested here; undefined where it can. */
export async function whyNot(name: DriverName): Promise<string | undefined> {
  try {
    await (await testStore(driverOf(name))).dispose();
    return undefined;
  } catch (error) {
    if (isDrayageError(error)) return error.message;
    throw error;
  }
}
