/**
 * The `docker-archive:` transport: the archives of `docker save` and `docker load`.
 * @module
 */
import { dockerArchive } from "./transport.ts";

export type { ArchiveReference } from "./reference.ts";
export { type ArchiveWriter, createArchiveWriter } from "./writer.ts";
export { dockerArchive };

const transport: ReturnType<typeof dockerArchive> = dockerArchive();
export default transport;
