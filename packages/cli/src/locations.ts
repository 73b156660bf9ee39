import { DrayageError, isDrayageError, type Side, withSide } from "@drayage/errors";
import { createRegistry, type Location, type Registry, type Transport } from "@drayage/transport";
import { builtinTransports } from "./builtins.ts";
import { readConfiguration } from "./config-file.ts";
import type { DrayContext } from "./context.ts";

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
  const loaded = [
    ...(await pluginTransports(plugins, process.cwd())),
    ...(await pluginTransports(configuration.plugins, configuration.folder)),
  ];
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
      const found = unknown ? await installedTransport(text) : undefined;
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

async function pluginTransports(names: readonly string[], folder: string): Promise<readonly Transport[]> {
  if (names.length === 0) return [];
  const { loadPlugin } = await import("./plugins.ts");
  const found: Transport[] = [];
  for (const name of names) found.push(...(await loadPlugin(name, folder)));
  return found;
}

async function installedTransport(text: string): Promise<Transport | undefined> {
  const { transportFromPackage } = await import("./plugins.ts");
  return transportFromPackage(text.slice(0, Math.max(0, text.indexOf(":"))));
}

/** Throws `ERR_DRAYAGE_USAGE` for an image that nobody named. */
export function requireText(text: string, what: string): string {
  if (text === "") throw new DrayageError("ERR_DRAYAGE_USAGE", `${what}: the image's name is empty`);
  return text;
}
