import { DrayageError } from "@drayage/errors";

/** Reads the options that storage.conf has for a driver, where several drivers have the same. */
export interface DriverOptionReader {
  /** True or false, as Go's strconv.ParseBool reads it; false where absent. @throws `ERR_DRAYAGE_CONFIGURATION_INVALID` */
  flag(name: string): boolean;
  /** `sync`: whether a layer is brought to the disk before it is recorded. @throws `ERR_DRAYAGE_CONFIGURATION_INVALID` */
  sync(): "none" | "filesystem";
  /** For an option that is none of what is `wanted`. */
  invalid(name: string, wanted: string): DrayageError;
}

export function driverOptionReader(
  driver: string,
  options: Readonly<Record<string, string>>,
): DriverOptionReader {
  const given = (name: string): string => options[name] ?? "";
  const invalid = (name: string, wanted: string): DrayageError =>
    new DrayageError(
      "ERR_DRAYAGE_CONFIGURATION_INVALID",
      `the ${driver} driver's option ${name} is ${JSON.stringify(given(name))}, not ${wanted}`,
    );
  return {
    flag(name) {
      const value = given(name);
      if (/^(1|t|T|true|TRUE|True)$/.test(value)) return true;
      if (/^(|0|f|F|false|FALSE|False)$/.test(value)) return false;
      throw invalid(name, "true or false");
    },
    sync() {
      const value = given("sync");
      if (value === "filesystem") return "filesystem";
      if (value === "" || value === "none") return "none";
      throw invalid("sync", "none or filesystem");
    },
    invalid,
  };
}
