#!/bin/bash
# Runs the check for the action, in a checkout of the base. Writes the verdict to $GITHUB_OUTPUT, and the page for comment and
# summary to $RUNNER_TEMP/kaizen.md. Fails only if the check cannot be asked at all.
# Environment: KAIZEN (the program), BASE, HEAD, PULL_REQUEST, DIRECTORY, TRUST, MAX_COST_USD, MAX_ATTEMPTS, RUNNER_TEMP.
set -euo pipefail
page=$RUNNER_TEMP/kaizen.md

cd "$DIRECTORY"
# A shallow checkout lacks them. The head of a fork is in the base repository under the number of the pull request.
git cat-file -e "$BASE^{commit}" 2> /dev/null || git fetch --quiet --no-tags origin "$BASE"
git cat-file -e "$HEAD^{commit}" 2> /dev/null || git fetch --quiet --no-tags origin "pull/$PULL_REQUEST/head"
if [ "$(git rev-parse HEAD)" != "$(git rev-parse "$BASE^{commit}")" ]; then
    echo "::error::check out the base: its kaizen.toml, benchmark and programs judge the pull request" \
        "(actions/checkout with ref: \${{ github.event.pull_request.base.sha }})"
    exit 2
fi

arguments=(check --base "$BASE" --head "$HEAD" --format json)
[ -z "$TRUST" ] || arguments=(--trust "$TRUST" "${arguments[@]}")
[ -z "$MAX_COST_USD" ] || arguments+=(--max-cost-usd "$MAX_COST_USD")
[ -z "$MAX_ATTEMPTS" ] || arguments+=(--max-attempts "$MAX_ATTEMPTS")
: > "$page"
code=0
GITHUB_STEP_SUMMARY=$page "$KAIZEN" "${arguments[@]}" > "$RUNNER_TEMP/kaizen.json" 2> "$RUNNER_TEMP/kaizen.err" || code=$?
cat "$RUNNER_TEMP/kaizen.err" >&2
case $code in
    0 | 3 | 5)
        verdict=$(sed -n 's/.*"verdict":"\([a-z_]*\)".*/\1/p' "$RUNNER_TEMP/kaizen.json" | tail -n 1)
        ;;
    4)
        verdict=not_measured
        {
            echo "### kaizen check: not measured"
            echo
            sed 's/^/    /' "$RUNNER_TEMP/kaizen.err"
        } > "$page"
        ;;
    *) exit "$code" ;;
esac
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$page" >> "$GITHUB_STEP_SUMMARY"
echo "verdict=$verdict" >> "$GITHUB_OUTPUT"
echo "$verdict"
