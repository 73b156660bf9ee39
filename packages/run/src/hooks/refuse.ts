import { DrayageError } from "@drayage/errors";

/** Makes the error that says why a file of hooks cannot be used. */
export type Refuse = (why: string, cause?: unknown) => DrayageError;

/** That for one file: `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function refusing(file: string): Refuse {
  return (why, cause) =>
    new DrayageError(
      "ERR_DRAYAGE_CONFIGURATION_INVALID",
      `the hook ${JSON.stringify(file)} cannot be used: ${why}`,
      { cause, hint: "correct the file as oci-hooks(5) has it, or take it out of the folder" },
    );
}
