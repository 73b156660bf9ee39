/** A script of the kind that people keep in their repositories and run in CI, with `buildah` as the only tool of containers. */
export interface ShellScript {
  readonly name: string;
  readonly text: string;
  /** How it ends. */
  readonly code?: number;
  /** Images of the store that it makes. */
  readonly images: readonly string[];
  /** Places that it writes images to, in its folder. */
  readonly places?: readonly string[];
  /** Whether docker's config is made, which names the container. */
  readonly isDocker?: boolean;
}

const commit = "buildah commit --quiet --timestamp 0 --identity-label=false";

export const shellScripts: readonly ShellScript[] = [
  {
    name: "a site, copied into a mounted container",
    text: `
      set -eu
      ctr=$(buildah from localhost/base:1)
      mnt=$(buildah mount "$ctr")
      test -x "$mnt/bin/sh"
      mkdir -p "$mnt/srv/www"
      cp -r tree "$mnt/srv/www/pages"
      echo '<h1>hello</h1>' > "$mnt/srv/www/index.html"
      buildah mount | cut -d ' ' -f 1
      buildah umount "$ctr"
      buildah config --port 8080 --workingdir /srv/www --cmd '["/bin/sh", "-c", "exit 0"]' \\
        --label org.opencontainers.image.title=site --label org.opencontainers.image.licenses=MIT \\
        --annotation made.by=ci --author "CI <ci@example.com>" "$ctr"
      ${commit} "$ctr" site:latest
      buildah images --format '{{.Name}}:{{.Tag}}' site
      buildah rm "$ctr"
      buildah containers --noheading --quiet
    `,
    images: ["localhost/site:latest"],
  },
  {
    name: "an application, built in one container and shipped in another, to several places",
    text: `
      set -eu
      trap 'buildah rm --all' EXIT
      build=$(buildah from --name build localhost/base:1)
      buildah copy --quiet "$build" tree /src
      buildah run --env VERSION=1.2 --workingdir /src "$build" -- sh -c 'echo "$VERSION $PWD" > app'
      final=$(buildah from --name final scratch)
      buildah copy --quiet --chown 1000:1000 --chmod 0755 --from "$build" "$final" /src/app /app/app
      buildah add --quiet "$final" one two /etc/app/
      buildah config --entrypoint '["/app/app"]' --cmd '' --env VERSION=1.2 --user 1000:1000 "$final"
      ${commit} "$final" app:1.2
      ${commit} "$final" oci-archive:app.tar:app:1.2
      ${commit} "$final" oci:layout:app
      ${commit} "$final" dir:folder
      ${commit} --format docker "$final" docker-archive:docker.tar:app:1.2
      buildah inspect --type image --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.User}}' app:1.2; echo
      ls folder | wc -l
    `,
    images: ["localhost/app:1.2"],
    places: ["oci-archive:app.tar:app:1.2", "oci:layout:app", "dir:folder"],
  },
  {
    name: "a service with a health check, and what is asked of it",
    text: `
      set -eu
      svc=$(buildah from --format docker --name svc localhost/base:1)
      buildah config --healthcheck 'CMD-SHELL curl -f http://localhost/ || exit 1' --healthcheck-interval 10s \\
        --healthcheck-timeout 3s --healthcheck-retries 5 --healthcheck-start-period 1m "$svc"
      buildah config --stop-signal SIGTERM --volume /data --volume /logs --shell '/bin/sh -ec' --onbuild 'RUN true' "$svc"
      buildah config --env LOG=info --env 'GREETING=hello world' --port 80/tcp --port 53/udp --comment 'a service' "$svc"
      buildah inspect --format '{{.Docker.Config.Healthcheck}}' "$svc"; echo
      buildah inspect --format '{{.Docker.Config.Healthcheck.Interval}} {{.Docker.Config.Healthcheck.Test}}' "$svc"; echo
      buildah inspect --format '{{.OCIv1.Config.Volumes}} {{.OCIv1.Config.ExposedPorts}}' "$svc"; echo
      buildah inspect --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' "$svc"; echo
      buildah inspect --format '{{index .OCIv1.Config.Labels "base"}} {{.FromImage}} {{.Container}}' "$svc"; echo
      buildah containers --filter name=svc --format '{{.ContainerName}} {{.ImageName}}'
      buildah containers --filter name=other --noheading
      buildah containers --json
      if buildah inspect nosuch > /dev/null 2>&1; then echo there; else echo "not there: $?"; fi
      ${commit} --format docker "$svc" svc:1
      buildah inspect --type image --format '{{.Docker.Config.OnBuild}} {{.Docker.Config.Shell}}' svc:1; echo
      buildah rm --all
    `,
    images: ["localhost/svc:1"],
    isDocker: true,
  },
  {
    name: "an image for each platform, and a list of them",
    text: `
      set -e
      for arch in amd64 arm64; do
        c=$(buildah from scratch)
        buildah copy --quiet "$c" one /one
        buildah config --os linux --arch "$arch" --cmd /one "$c"
        ${commit} --manifest app:multi "$c" "app:$arch"
        buildah rm "$c" > /dev/null
      done
      buildah manifest inspect app:multi
      buildah images --format '{{.Name}}:{{.Tag}}' | sort
      buildah manifest exists app:multi && echo 'there is a list'
      buildah manifest rm app:multi
      buildah manifest exists app:multi || echo "no list: $?"
    `,
    images: ["localhost/app:amd64", "localhost/app:arm64"],
  },
  {
    name: "what goes wrong, and what is cleared away",
    text: `
      c=$(buildah from localhost/base:1)
      buildah run "$c" -- sh -c 'exit 42'; echo "run: $?"
      buildah run "$c" nosuch-command; echo "no command: $?"
      buildah copy "$c" nosuch-file /x; echo "no file: $?"
      buildah config --nosuch x "$c"; echo "no flag: $?"
      buildah from --pull-never localhost/nosuch; echo "no image: $?"
      buildah commit nosuch x; echo "no container: $?"
      buildah rename "$c" final && buildah config --label a=b final
      id=$(${commit} final app:1)
      [ -n "$(buildah images --quiet app:1)" ] && echo cached
      buildah tag app:1 app:2 registry.example.com/app:3
      buildah images --format '{{.Name}}:{{.Tag}}' | sort
      buildah rmi app:2; echo "untagged: $?"
      buildah rmi "$id"; echo "several names: $?"
      buildah rmi localhost/base:1; echo "in use: $?"
      buildah rm nosuch; echo "rm: $?"
      buildah rm --all
      buildah containers --quiet
      buildah rmi registry.example.com/app:3
      buildah images --noheading --format '{{.Name}}:{{.Tag}}' | sort
      exit 3
    `,
    code: 3,
    images: ["localhost/app:1"],
  },
];
