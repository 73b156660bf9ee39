/**
 * The docker-daemon: transport of drayage, images in a docker daemon.
 * @module
 */
export {};
