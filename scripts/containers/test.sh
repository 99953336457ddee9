#!/bin/sh
# Tests the provider testcontainers against a Docker engine, with an image made from Debian's
# packages: nothing comes from a registry of images. Needs root on Debian (or a container of it with
# all capabilities). An engine that answers is used; else one is started, and stopped at the end.
# Arguments go to pytest.
set -eu
cd "$(dirname "$0")/../.."
here=scripts/containers
work=$(mktemp -d)
engine=

finish() {
    code=$?
    trap - EXIT
    docker image rm --force "${MIGSAFE_TEST_IMAGE:-none}" > /dev/null 2>&1 || true
    if [ -n "$engine" ]; then
        kill "$engine" && wait "$engine" || true
    fi
    rm -rf "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

if ! command -v dockerd > /dev/null || ! command -v debootstrap > /dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        docker.io debootstrap iptables > /dev/null
fi
# What is in front on the path may be a client of another version, and old engines refuse it.
PATH="/usr/sbin:/usr/bin:$PATH"
if ! docker info > /dev/null 2>&1; then
    export DOCKER_HOST="unix://$work/docker.sock"
    dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" \
        --pidfile "$work/docker.pid" --storage-driver vfs > "$work/log" 2>&1 &
    engine=$!
    tries=0
    until docker info > /dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 60 ] || ! kill -0 "$engine" 2> /dev/null; then
            tail -n 20 "$work/log" >&2
            echo "no Docker engine can be started here" >&2
            exit 2
        fi
        sleep 1
    done
fi

release=$(. /etc/os-release && echo "$VERSION_CODENAME")
package=$(apt-cache depends postgresql | sed -n 's/.*Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
major=${package#postgresql-}
mirror=$(apt-get indextargets --format '$(SITE)' "Codename: $release" | head -n 1)
debootstrap --variant=minbase --include="$package" "$release" "$work/image" "$mirror" \
    > "$work/debootstrap.log" || { tail -n 20 "$work/debootstrap.log" >&2; exit 2; }
rm -rf "$work"/image/var/cache/apt "$work"/image/var/lib/apt/lists "$work"/image/usr/share/doc
install -m 755 "$here/entrypoint.sh" "$work/image/usr/local/bin/entrypoint.sh"
MIGSAFE_TEST_IMAGE="migsafe-test-postgres:$major"
export MIGSAFE_TEST_IMAGE MIGSAFE_TEST_MAJOR="$major"
tar -C "$work/image" -c . | docker import \
    --change "ENV PATH=/usr/lib/postgresql/$major/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    --change 'ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]' \
    --change 'CMD ["postgres"]' --change 'EXPOSE 5432' - "$MIGSAFE_TEST_IMAGE" > /dev/null
rm -rf "$work/image"

scripts/venv.sh testcontainers test
# The container that would clear up behind a killed process comes from a registry.
TESTCONTAINERS_RYUK_DISABLED=true .venv/bin/python -m pytest $here -p no:cacheprovider "$@"
