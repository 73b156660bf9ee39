import type { JsonNode } from "@drayage/manifest";
import { defaultIdentity, parseIdentity, typeOf } from "./identity.ts";
import type {
  FulcioTrust,
  PkiTrust,
  PolicyRequirement,
  PolicyRequirements,
  SignedByRequirement,
  SignedIdentity,
  SigstoreSignedRequirement,
  TrustMaterial,
} from "./policy.ts";
import { invalidAt, type JsonPlace, type StrictObject, strictObject } from "./strict-object.ts";

/** Reads a list of requirements. Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function parseRequirements(node: JsonNode, place: JsonPlace): PolicyRequirements {
  const items = node.kind === "null" ? [] : node.kind === "array" ? node.items : undefined;
  if (items === undefined) throw invalidAt(node, "a list of requirements is expected", place);
  if (items.length === 0) {
    throw invalidAt(
      node,
      "a list of requirements must not be empty",
      place,
      'to accept every image write [{"type": "insecureAcceptAnything"}]',
    );
  }
  return items.map((item) => parseRequirement(item, place));
}

function parseRequirement(node: JsonNode, place: JsonPlace): PolicyRequirement {
  const type = typeOf(node, place);
  switch (type) {
    case "insecureAcceptAnything":
    case "reject":
      strictObject(node, ["type"], place);
      return { type };
    case "signedBy":
      return parseSignedBy(node, place);
    case "sigstoreSigned":
      return parseSigstoreSigned(node, place);
    case "signedBaseLayer": {
      const object = strictObject(node, ["type", "baseLayerIdentity"], place);
      return { type, baseLayerIdentity: parseIdentity(object.value("baseLayerIdentity"), place) };
    }
    default:
      throw invalidAt(node, `there is no requirement of the type ${JSON.stringify(type)}`, place);
  }
}

function parseSignedBy(node: JsonNode, place: JsonPlace): SignedByRequirement {
  const object = strictObject(
    node,
    ["type", "keyType", "keyPath", "keyPaths", "keyData", "signedIdentity"],
    place,
  );
  const keyType = object.text("keyType");
  if (!isKeyType(keyType)) {
    throw object.invalid(`keyType: there is no type ${JSON.stringify(keyType)}, write "GPGKeys"`, "keyType");
  }
  const keys = exactlyOne(object, { path: "keyPath", paths: "keyPaths", data: "keyData" });
  return { type: "signedBy", keyType, keys, signedIdentity: readIdentity(object, place) };
}

function isKeyType(text: string): text is SignedByRequirement["keyType"] {
  return ["GPGKeys", "signedByGPGKeys", "X509Certificates", "signedByX509CAs"].includes(text);
}

const rekorKeys: TrustKeys = {
  path: "rekorPublicKeyPath",
  paths: "rekorPublicKeyPaths",
  data: "rekorPublicKeyData",
  datas: "rekorPublicKeyDatas",
};
const sigstoreKeys: TrustKeys = { path: "keyPath", paths: "keyPaths", data: "keyData", datas: "keyDatas" };

function parseSigstoreSigned(node: JsonNode, place: JsonPlace): SigstoreSignedRequirement {
  const object = strictObject(
    node,
    ["type", ...Object.values(sigstoreKeys), "fulcio", "pki", ...Object.values(rekorKeys), "signedIdentity"],
    place,
  );
  const signers = [...Object.values(sigstoreKeys), "fulcio", "pki"].filter((key) => object.has(key));
  if (signers.length !== 1) {
    throw object.invalid("exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio and pki is expected");
  }
  const rekorPublicKeys = atMostOne(object, rekorKeys);
  if (object.has("fulcio") && rekorPublicKeys === undefined) {
    throw object.invalid("with fulcio a public key of a Rekor server is needed (rekorPublicKeyPath, …)");
  }
  if (object.has("pki") && rekorPublicKeys !== undefined) {
    throw object.invalid("with pki there can be no public key of a Rekor server");
  }
  const signer = object.has("fulcio")
    ? { fulcio: parseFulcio(object) }
    : object.has("pki")
      ? { pki: parsePki(object) }
      : { keys: exactlyOne(object, sigstoreKeys) };
  return {
    type: "sigstoreSigned",
    signer,
    ...(rekorPublicKeys === undefined ? {} : { rekorPublicKeys }),
    signedIdentity: readIdentity(object, place),
  };
}

function parseFulcio(parent: StrictObject): FulcioTrust {
  const object = parent.object("fulcio", ["caPath", "caData", "oidcIssuer", "subjectEmail"]);
  const authorities = exactlyOne(object, { path: "caPath", data: "caData" });
  return {
    authorities,
    oidcIssuer: needed(object, "oidcIssuer"),
    subjectEmail: needed(object, "subjectEmail"),
  };
}

function parsePki(parent: StrictObject): PkiTrust {
  const object = parent.object("pki", [
    "caRootsPath",
    "caRootsData",
    "caIntermediatesPath",
    "caIntermediatesData",
    "subjectEmail",
    "subjectHostname",
  ]);
  const subjectEmail = optional(object, "subjectEmail");
  const subjectHostname = optional(object, "subjectHostname");
  if (subjectEmail === undefined && subjectHostname === undefined) {
    throw object.invalid("subjectEmail or subjectHostname is needed");
  }
  const intermediates = atMostOne(object, { path: "caIntermediatesPath", data: "caIntermediatesData" });
  return {
    roots: exactlyOne(object, { path: "caRootsPath", data: "caRootsData" }),
    ...(intermediates === undefined ? {} : { intermediates }),
    ...(subjectEmail === undefined ? {} : { subjectEmail }),
    ...(subjectHostname === undefined ? {} : { subjectHostname }),
  };
}

function readIdentity(object: StrictObject, place: JsonPlace): SignedIdentity {
  return object.has("signedIdentity")
    ? parseIdentity(object.value("signedIdentity"), place)
    : defaultIdentity;
}

function optional(object: StrictObject, key: string): string | undefined {
  const text = object.text(key);
  return text === "" ? undefined : text;
}

function needed(object: StrictObject, key: string): string {
  const text = optional(object, key);
  if (text === undefined) throw object.invalid(`${key} is needed`);
  return text;
}

/** The keys that name trust material, each in its way. */
interface TrustKeys {
  readonly path: string;
  readonly paths?: string;
  readonly data: string;
  readonly datas?: string;
}

function exactlyOne(object: StrictObject, keys: TrustKeys): TrustMaterial {
  const found = atMostOne(object, keys);
  if (found === undefined) throw object.invalid(`exactly one of ${namesOf(keys)} is expected`);
  return found;
}

function atMostOne(object: StrictObject, keys: TrustKeys): TrustMaterial | undefined {
  const present = Object.values(keys).filter((key) => object.has(key));
  if (present.length > 1) throw object.invalid(`only one of ${namesOf(keys)} is expected`);
  const [key] = present;
  if (key === undefined) return undefined;
  const material = materialOf(object, key, keys);
  const isEmpty =
    "paths" in material
      ? material.paths.length === 0 || material.paths.includes("")
      : material.data.length === 0;
  if (isEmpty) throw object.invalid(`${key}: it is empty`, key);
  return material;
}

function materialOf(object: StrictObject, key: string, keys: TrustKeys): TrustMaterial {
  if (key === keys.path) return { paths: [object.text(key)] };
  if (key === keys.paths) return { paths: object.texts(key) ?? [] };
  if (key === keys.datas) return { data: object.byteLists(key) ?? [] };
  const data = object.bytes(key);
  return { data: data === undefined ? [] : [data] };
}

function namesOf(keys: TrustKeys): string {
  return [keys.path, keys.paths, keys.data, keys.datas].filter((key) => key !== undefined).join(", ");
}
