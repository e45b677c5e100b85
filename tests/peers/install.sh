#!/bin/sh
# Installs the official MCP clients into a folder: install.sh DIR. Needs python3, node, npm and the network; says what it
# could not install, and always exits with 0, because the tests that lack a client are skipped.
set -u
mkdir -p "$1/mcp-node" && cd "$1" || exit 0

if [ -x mcp-python/bin/pip ] || python3 -m venv mcp-python; then
    mcp-python/bin/pip install -q --disable-pip-version-check --retries 1 --timeout 20 mcp==2.3.0
fi >mcp-python.log 2>&1
mcp-python/bin/python -c 'import mcp' 2>/dev/null || echo "SKIPPED: the Python MCP client cannot be installed; see $1/mcp-python.log"

[ -f mcp-node/package.json ] || echo '{"private":true}' > mcp-node/package.json
for package in @modelcontextprotocol/sdk@1.32.2 @modelcontextprotocol/inspector@2.12.0; do
    name=${package%@*}
    (cd mcp-node && npm install --no-audit --no-fund --loglevel=error --fetch-retries=1 "$package") >mcp-node.log 2>&1
    [ -d "mcp-node/node_modules/$name" ] || echo "SKIPPED: $name cannot be installed; see $1/mcp-node.log"
done
exit 0
