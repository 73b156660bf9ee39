import { isDrayageError } from "@drayage/errors";
import type { JsonNode } from "@drayage/manifest";
import { type DockerReference, isNameOnly, parseNormalizedNamed, parseReference } from "@drayage/reference";
import type { SignedIdentity } from "./policy.ts";
import { invalidAt, type JsonPlace, membersOf, type StrictObject, strictObject } from "./strict-object.ts";

/** What counts where a requirement names no identity. */
export const defaultIdentity: SignedIdentity = { type: "matchRepoDigestOrExact" };

/** Reads a `signedIdentity`. Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function parseIdentity(node: JsonNode, place: JsonPlace): SignedIdentity {
  const type = typeOf(node, place);
  switch (type) {
    case "matchExact":
    case "matchRepoDigestOrExact":
    case "matchRepository":
      strictObject(node, ["type"], place);
      return { type };
    case "exactReference": {
      const object = strictObject(node, ["type", "dockerReference"], place);
      const dockerReference = required(object, "dockerReference");
      if (isNameOnly(parseName(dockerReference, "dockerReference", object))) {
        throw object.invalid("dockerReference: it has neither a tag nor a digest", "dockerReference");
      }
      return { type, dockerReference };
    }
    case "exactRepository": {
      const object = strictObject(node, ["type", "dockerRepository"], place);
      const dockerRepository = required(object, "dockerRepository");
      parseName(dockerRepository, "dockerRepository", object);
      return { type, dockerRepository };
    }
    case "remapIdentity": {
      const object = strictObject(node, ["type", "prefix", "signedPrefix"], place);
      return { type, prefix: readPrefix(object, "prefix"), signedPrefix: readPrefix(object, "signedPrefix") };
    }
    default:
      throw invalidAt(node, `there is no identity of the type ${JSON.stringify(type)}`, place);
  }
}

/** The `type` of a requirement or an identity; empty where there is none. */
export function typeOf(node: JsonNode, place: JsonPlace): string {
  if (node.kind === "null") return "";
  const type = membersOf(node, place).get("type");
  if (type === undefined || type.kind === "null") return "";
  if (type.kind !== "string") throw invalidAt(type, "type: text is expected", place);
  return type.value;
}

function required(object: StrictObject, key: string): string {
  object.value(key);
  return object.text(key);
}

function parseName(text: string, key: string, object: StrictObject): DockerReference {
  try {
    return parseNormalizedNamed(text);
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    throw object.invalid(`${key}: ${error.message}`, key);
  }
}

/** A host with or without a port, and perhaps a namespace or repository below it. */
function readPrefix(object: StrictObject, key: string): string {
  const text = required(object, key);
  const asName = text.includes("/") ? text : `${text}/name`;
  try {
    const reference = parseReference(asName);
    if (reference.domain !== "" && reference.name === asName && isNameOnly(reference)) return text;
  } catch (error) {
    if (!isDrayageError(error)) throw error;
  }
  throw object.invalid(
    `${key}: ${JSON.stringify(text)} is neither a host nor a name that starts with one`,
    key,
  );
}
