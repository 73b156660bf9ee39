/**
 * Image names as the Go tools have them: parse, normalize, familiar form.
 * @module
 */
export {
  familiarName,
  familiarString,
  parseAnyReference,
  parseDockerRef,
  parseNamed,
  parseNormalizedNamed,
  tagNameOnly,
} from "./normalize.ts";
export {
  type DockerReference,
  formatReference,
  isNameOnly,
  parseReference,
  trimNamed,
  withDigest,
  withName,
  withTag,
} from "./reference.ts";
