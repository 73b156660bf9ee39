/** The compressions that container layers and archives come in. */
export type Algorithm = "gzip" | "zstd" | "bzip2" | "xz";

/** Those that can be written too. */
export type DeflateAlgorithm = "gzip" | "zstd";

export const algorithms: readonly Algorithm[] = ["gzip", "zstd", "bzip2", "xz"];
