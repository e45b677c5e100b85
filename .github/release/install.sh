#!/bin/sh
# Installs kaizen @VERSION@ for Linux or macOS: downloads the release for this machine, checks it, and copies one file.
#
#   curl -fsSL @REPOSITORY@/releases/latest/download/install.sh | sh
#
# KAIZEN_INSTALL_DIR: the folder, by default ~/.local/bin. KAIZEN_VERSION: another version. KAIZEN_RELEASES: where the releases are.
set -eu

# The whole script is read before any of it runs, so that a download that breaks off does nothing.
install_kaizen() {
    version=${KAIZEN_VERSION:-@VERSION@}
    releases=${KAIZEN_RELEASES:-@REPOSITORY@/releases/download}
    folder=${KAIZEN_INSTALL_DIR:-$HOME/.local/bin}
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64) target=x86_64-unknown-linux-musl ;;
        Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
        Darwin-arm64) target=aarch64-apple-darwin ;;
        Darwin-x86_64) target=x86_64-apple-darwin ;;
        *)
            echo "there is no release for $(uname -s) on $(uname -m); with Rust, \`cargo install kaizen\` builds it" >&2
            exit 1
            ;;
    esac
    name=kaizen-$version-$target.tar.gz
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    for file in "$name" "$name.sha256"; do
        curl -fsSL --retry 3 -o "$work/$file" "$releases/v$version/$file" || {
            echo "cannot download $releases/v$version/$file; nothing was installed" >&2
            exit 1
        }
    done
    if command -v sha256sum > /dev/null; then check=sha256sum; else check="shasum -a 256"; fi
    (cd "$work" && $check -c "$name.sha256" > /dev/null 2>&1) || {
        echo "$name does not have the checksum of the release; nothing was installed" >&2
        exit 1
    }
    mkdir -p "$folder"
    tar -xzf "$work/$name" -C "$work" kaizen
    # Moved into place in one step, so that a running kaizen keeps its file.
    cp "$work/kaizen" "$folder/.kaizen-new"
    chmod 755 "$folder/.kaizen-new"
    mv -f "$folder/.kaizen-new" "$folder/kaizen"
    echo "installed $folder/kaizen, version $version"
    command -v git > /dev/null || echo "kaizen needs git, which is not installed here" >&2
    case ":$PATH:" in
        *":$folder:"*) ;;
        *) echo "add $folder to PATH to run it as kaizen" ;;
    esac
}

install_kaizen
