/** Whom a signature has to be for, in the words of containers-policy.json(5). */
export type SignedIdentity =
  | { readonly type: "matchExact" | "matchRepoDigestOrExact" | "matchRepository" }
  | { readonly type: "exactReference"; readonly dockerReference: string }
  | { readonly type: "exactRepository"; readonly dockerRepository: string }
  | { readonly type: "remapIdentity"; readonly prefix: string; readonly signedPrefix: string };

/** Keys, or whatever else is trusted: files, or what such a file would hold. One of several is enough. */
export type TrustMaterial = { readonly paths: readonly string[] } | { readonly data: readonly Uint8Array[] };

/** A signature in the "simple signing" format is needed. */
export interface SignedByRequirement {
  readonly type: "signedBy";
  readonly keyType: "GPGKeys" | "signedByGPGKeys" | "X509Certificates" | "signedByX509CAs";
  readonly keys: TrustMaterial;
  readonly signedIdentity: SignedIdentity;
}

/** Whose certificates are taken, where they are made by Fulcio. */
export interface FulcioTrust {
  readonly authorities: TrustMaterial;
  readonly oidcIssuer: string;
  readonly subjectEmail: string;
}

/** Whose certificates are taken, where they are made by another authority. */
export interface PkiTrust {
  readonly roots: TrustMaterial;
  readonly intermediates?: TrustMaterial | undefined;
  readonly subjectEmail?: string | undefined;
  readonly subjectHostname?: string | undefined;
}

/** A sigstore signature is needed. */
export interface SigstoreSignedRequirement {
  readonly type: "sigstoreSigned";
  readonly signer:
    | { readonly keys: TrustMaterial }
    | { readonly fulcio: FulcioTrust }
    | { readonly pki: PkiTrust };
  /** Keys of Rekor servers, of which one must have recorded the signature. */
  readonly rekorPublicKeys?: TrustMaterial | undefined;
  readonly signedIdentity: SignedIdentity;
}

/** A signed base image is needed. No tool implements this. */
export interface SignedBaseLayerRequirement {
  readonly type: "signedBaseLayer";
  readonly baseLayerIdentity: SignedIdentity;
}

/** What an image has to meet. */
export type PolicyRequirement =
  | { readonly type: "insecureAcceptAnything" | "reject" }
  | SignedByRequirement
  | SigstoreSignedRequirement
  | SignedBaseLayerRequirement;

/** All of these have to be met; never empty. */
export type PolicyRequirements = readonly PolicyRequirement[];

/** What a policy.json says. */
export interface Policy {
  /** The file, for messages. Absent: the policy was made by the program. */
  readonly path?: string | undefined;
  readonly default: PolicyRequirements;
  /** By transport (`docker`, `oci`, `dir`, …) and scope, of which the empty one is the transport's default. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, PolicyRequirements>>;
}

/** Accepts every image: `--insecure-policy`, and what holds where there is no policy at all. */
export const acceptAnything: Policy = Object.freeze({
  default: Object.freeze([{ type: "insecureAcceptAnything" } as const]),
  transports: new Map(),
});
