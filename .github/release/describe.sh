#!/bin/bash
# Writes what a release needs besides its archives: describe.sh VERSION FOLDER
#
# FOLDER holds the archives and checksums of package.sh. install.sh and the Homebrew formula kaizen.rb are written there.
# The address of the repository comes from Cargo.toml, the only place that states it.
set -euo pipefail
version=${1:?version} folder=${2:?folder}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(sed -n 's/^repository = "\(.*\)"$/\1/p' "$here/../../Cargo.toml")

sum() {
    cut -d ' ' -f 1 "$folder/kaizen-$version-$1.tar.gz.sha256"
}

filled() {
    sed -e "s|@VERSION@|$version|g" -e "s|@REPOSITORY@|$repository|g" "$@"
}

filled "$here/install.sh" > "$folder/install.sh"
filled -e "s|@X86_64_LINUX@|$(sum x86_64-unknown-linux-musl)|" \
    -e "s|@ARM64_LINUX@|$(sum aarch64-unknown-linux-musl)|" \
    -e "s|@X86_64_MACOS@|$(sum x86_64-apple-darwin)|" \
    -e "s|@ARM64_MACOS@|$(sum aarch64-apple-darwin)|" "$here/kaizen.rb" > "$folder/kaizen.rb"
