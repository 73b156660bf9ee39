/** The most bytes of a manifest or index that are read: 4 MiB, as containers/image and the OCI spec have it. */
export const manifestLimit: number = 4 * 1024 * 1024;

/** The most bytes of a config that are read: 4 MiB, as containers/image has it. */
export const configLimit: number = 4 * 1024 * 1024;

/** How deep indexes may nest in one another before whoever follows them should stop. */
export const indexDepthLimit = 8;
