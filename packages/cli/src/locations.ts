import { DrayageError, isDrayageError, type Side, withSide } from "@drayage/errors";
import { createRegistry, type Location, type Registry, type Transport } from "@drayage/transport";
import { builtinTransports } from "./builtins.ts";
import { readConfiguration } from "./config-file.ts";
import type { DrayContext } from "./context.ts";
import { loadPlugin, transportFromPackage } from "./plugins.ts";

/** Turns `scheme:rest` into places, through built-ins, named plugins and packages beside dray, in this order. */
export interface Locations {
  readonly registry: Registry;
  /** Errors say which side of a copy the text stood for. */
  resolve(text: string, side?: Side): Promise<Location>;
}

export async function openLocations(
  context: DrayContext,
  plugins: readonly string[] = [],
): Promise<Locations> {
  const configuration = await readConfiguration(context.env);
  const loaded: Transport[] = [];
  for (const name of plugins) loaded.push(...(await loadPlugin(name, process.cwd())));
  for (const name of configuration.plugins) loaded.push(...(await loadPlugin(name, configuration.folder)));
  const open = (extra: readonly Transport[] = []): Registry =>
    createRegistry([...builtinTransports, ...loaded, ...extra]);
  const registry = open();
  const resolve = async (text: string): Promise<Location> => {
    try {
      return await registry.resolve(text);
    } catch (error) {
      const unknown =
        isDrayageError(error, "ERR_DRAYAGE_TRANSPORT_UNKNOWN") ||
        isDrayageError(error, "ERR_DRAYAGE_TRANSPORT_MISSING");
      const found = unknown
        ? await transportFromPackage(text.slice(0, Math.max(0, text.indexOf(":"))))
        : undefined;
      if (found === undefined) throw error;
      return open([found]).resolve(text);
    }
  };
  return {
    registry,
    async resolve(text, side) {
      try {
        return await resolve(text);
      } catch (error) {
        throw side === undefined ? error : withSide(error, side);
      }
    },
  };
}

/** Throws `ERR_DRAYAGE_USAGE` for an image that nobody named. */
export function requireText(text: string, what: string): string {
  if (text === "") throw new DrayageError("ERR_DRAYAGE_USAGE", `${what}: the image's name is empty`);
  return text;
}
