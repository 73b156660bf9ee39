/**
 * The `tarball:` transport: an image made of tar archives.
 * @module
 */
import { tarball } from "./transport.ts";

export type { TarballConfig } from "./config.ts";
export type { TarballReference } from "./reference.ts";
export type { TarballImage } from "./settings.ts";
export type { TarballOptions } from "./source.ts";
export { tarball };

const transport: ReturnType<typeof tarball> = tarball();
export default transport;
