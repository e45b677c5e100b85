#!/bin/bash
# Gets the program for the action: `name` prints the key of its cache, `install` builds it or downloads a release.
# Environment: SOURCE (this repository), VERSION (empty: build), RUNNER_TEMP, GITHUB_OUTPUT.
set -euo pipefail
bin=$RUNNER_TEMP/kaizen-bin
# Only Cargo.toml names the repository of the releases.
releases=$(sed -n 's/^repository = "\(.*\)"$/\1/p' "$SOURCE/Cargo.toml")/releases/download

target() {
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) echo x86_64-unknown-linux-musl ;;
        Linux-aarch64) echo aarch64-unknown-linux-musl ;;
        Darwin-arm64) echo aarch64-apple-darwin ;;
        Darwin-x86_64) echo x86_64-apple-darwin ;;
        *) echo "there is no release for $(uname -s)-$(uname -m); leave out the input \`version\` to build" >&2; exit 2 ;;
    esac
}

digest() {
    if command -v sha256sum > /dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

case ${1:?name or install} in
    name)
        if [ -n "$VERSION" ]; then
            source_key=$VERSION
        else
            source_key=$(cd "$SOURCE" && find Cargo.toml Cargo.lock src -type f -print0 | LC_ALL=C sort -z \
                | xargs -0 cat | digest | cut -c1-32)
        fi
        echo "key=kaizen-$(uname -s)-$(uname -m)-$source_key" >> "$GITHUB_OUTPUT"
        ;;
    install)
        mkdir -p "$bin"
        if [ -z "$VERSION" ]; then
            cargo build --release --locked --manifest-path "$SOURCE/Cargo.toml" --target-dir "$RUNNER_TEMP/kaizen-target"
            cp "$RUNNER_TEMP/kaizen-target/release/kaizen" "$bin/kaizen"
        else
            name=kaizen-$VERSION-$(target).tar.gz
            cd "$RUNNER_TEMP"
            curl -fsSL --retry 3 -O "$releases/v$VERSION/$name" -O "$releases/v$VERSION/$name.sha256"
            digest -c "$name.sha256"
            tar -xzf "$name" -C "$bin" kaizen
        fi
        "$bin/kaizen" --version
        ;;
    *) echo "name or install" >&2; exit 2 ;;
esac
