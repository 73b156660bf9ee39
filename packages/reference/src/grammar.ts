/*
 * The grammar of github.com/containers/image/docker/reference, which is that of Docker's distribution,
 * with IPv6 hosts in brackets as distribution/reference has them since v0.5.
 *
 * Go's regexps take linear time whatever their shape; JavaScript's do not. So separators are never empty
 * here (the language is the same), and text is cut off by its length before it is matched.
 */

/** Longest name, domain included: `NameTotalLengthMax`. */
export const nameLimit = 255;

/** Longest tag. */
export const tagLimit = 128;

/** No reference is longer: a name, `:` and a tag of 128, `@` and a sha512 digest, with room for the reason. */
export const textLimit = 1024;

const pathComponent = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const path = `${pathComponent}(?:/${pathComponent})*`;
const domainComponent = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])`;
const domain = `${host}(?::[0-9]+)?`;
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";

/** Groups: name, tag, digest. */
export const referencePattern: RegExp = new RegExp(
  `^((?:${domain}/)?${path})(?::(${tag}))?(?:@(${digest}))?$`,
);

/** Groups: domain, path. */
export const namePattern: RegExp = new RegExp(`^(?:(${domain})/)?(${path})$`);

export const tagPattern: RegExp = new RegExp(`^${tag}$`);

/** What an image ID looks like: no reference may, for it could be meant as one. */
export const identifierPattern: RegExp = /^[a-f0-9]{64}$/;
