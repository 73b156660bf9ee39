import { isAbsolute } from "node:path";
import { invalid } from "./invalid.ts";

/** Which store a reference names, as far as it does. */
export interface StorePlace {
  readonly driver?: string | undefined;
  readonly graphRoot?: string | undefined;
  readonly runRoot?: string | undefined;
  /** `overlay.mountopt=nodev` each. */
  readonly options?: readonly string[] | undefined;
}

/** Parses `DRIVER@GRAPHROOT+RUNROOT:OPTION,OPTION`, of which all but one root or the driver may be left out. `text` is the whole reference. */
export function parseStorePlace(spec: string, text: string): StorePlace {
  const at = spec.indexOf("@");
  const driver = at < 0 ? undefined : spec.slice(0, at);
  const afterDriver = spec.slice(at + 1);
  if (driver === "" || afterDriver === "")
    throw invalid(text, "what is between [ and ] is no store", placeHint);
  const colon = afterDriver.indexOf(":");
  const roots = colon < 0 ? afterDriver : afterDriver.slice(0, colon);
  const options = colon < 0 ? undefined : afterDriver.slice(colon + 1).split(",");
  const plus = roots.indexOf("+");
  const graphRoot = plus < 0 ? roots : roots.slice(0, plus);
  const runRoot = plus < 0 ? "" : roots.slice(plus + 1);
  for (const root of [graphRoot, runRoot]) {
    if (root === "" || isAbsolute(root)) continue;
    throw invalid(text, `the path ${JSON.stringify(root)} is not absolute`, placeHint);
  }
  if (driver !== undefined && !/^[a-z][a-z0-9-]{0,62}$/.test(driver)) {
    throw invalid(text, `${JSON.stringify(driver)} is not the name of a driver`, placeHint);
  }
  return {
    ...(driver === undefined ? {} : { driver }),
    ...(graphRoot === "" ? {} : { graphRoot }),
    ...(runRoot === "" ? {} : { runRoot }),
    ...(options === undefined ? {} : { options }),
  };
}

const placeHint = "write [DRIVER@GRAPHROOT+RUNROOT:OPTIONS], such as [overlay@/srv/storage+/run/storage]";

export function formatStorePlace({ driver, graphRoot = "", runRoot, options }: StorePlace): string {
  return [
    driver === undefined ? "" : `${driver}@`,
    graphRoot,
    runRoot === undefined ? "" : `+${runRoot}`,
    options === undefined ? "" : `:${options.join(",")}`,
  ].join("");
}
