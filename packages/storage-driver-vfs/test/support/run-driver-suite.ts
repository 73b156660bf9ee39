import { type DriverCase, type DriverConformanceOptions, driverConformance } from "@drayage/testkit";

/** Runs one case of the suite. Gives the error where it fails, and nothing where it passes. */
export async function runDriverCase(
  name: DriverCase,
  options: Omit<DriverConformanceOptions, "test" | "name">,
): Promise<unknown> {
  const found = new Map<string, (context: unknown) => Promise<void>>();
  driverConformance({
    ...options,
    name: "broken",
    test: { describe: (_, body) => body(), it: (each, body) => found.set(each, body) },
  });
  try {
    await found.get(name)?.({ skip: () => undefined });
    return undefined;
  } catch (error) {
    return error;
  }
}
