#!/bin/bash
# Packs a program for a release: package.sh VERSION TARGET PROGRAM FOLDER
#
# Writes FOLDER/kaizen-VERSION-TARGET.tar.gz with the program and the licences, and its checksum beside it. The same program
# gives the same bytes.
set -euo pipefail
version=${1:?version} target=${2:?target} program=${3:?program} folder=${4:?folder}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=kaizen-$version-$target

digest() {
    if command -v sha256sum > /dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

# Only GNU tar, named gtar on macOS, can fix owners and times.
tar=tar
command -v gtar > /dev/null && tar=gtar

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
case $target in *windows*) own=kaizen.exe ;; *) own=kaizen ;; esac
cp "$program" "$files/$own"
cp "$source/LICENSE-APACHE" "$source/LICENSE-MIT" "$source/README.md" "$source/CHANGELOG.md" "$files"
chmod 755 "$files/$own"
chmod 644 "$files"/*-* "$files"/*.md

"$tar" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=ustar -C "$files" -cf - \
    CHANGELOG.md LICENSE-APACHE LICENSE-MIT README.md "$own" | gzip -n -9 > "$folder/$name.tar.gz"
cd "$folder"
digest "$name.tar.gz" > "$name.tar.gz.sha256"
echo "$folder/$name.tar.gz"
