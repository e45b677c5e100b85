#!/bin/bash
# Runs the check for the action, in a checkout of the base. Writes verdict and exit code to $GITHUB_OUTPUT, and the page for
# comment and summary to $RUNNER_TEMP/kaizen.md. Ends with 0, so that the page replaces an older one; fail.sh fails the job.
# Environment: KAIZEN (the program), BASE, MERGE_BASE (true or false), HEAD, PULL_REQUEST, DIRECTORY, TRUST, MAX_COST_USD,
# MAX_ATTEMPTS, RUNNER_TEMP.
set -euo pipefail
page=$RUNNER_TEMP/kaizen.md
: > "$page"

end() { # verdict, exit code
    [ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$page" >> "$GITHUB_STEP_SUMMARY"
    printf 'verdict=%s\ncode=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"
    echo "$1"
    exit 0
}

# The page never has what kaizen or git said: that may quote the student or its server, and so a gate task.
not_measured() { # exit code, what is wrong if it is known here
    printf '### kaizen check: not measured\n\nExit code %s%s. See the log of the job.\n' "$1" "${2:+: $2}" > "$page"
    [ -z "${2:-}" ] || echo "::error::kaizen check: $2"
    end not_measured "$1"
}

has() { git cat-file -e "$1^{commit}" 2> /dev/null; }
get() { has "${2:-$1}" || git fetch --quiet --no-tags origin "$1" || true; }

[ -n "$BASE" ] && [ -n "$HEAD" ] \
    || not_measured 2 "this event is not of a pull request, so that it needs the inputs \`base\` and \`head\`"
case $MERGE_BASE in
    true | false) ;;
    *) not_measured 2 "the input \`merge-base\` must be true or false" ;;
esac
cd "$DIRECTORY" || not_measured 2 "there is no folder as the input \`directory\` says"

# A shallow checkout lacks them. The head of a fork is in the base repository under the number of the pull request; after a
# push that replaced it, only its own id gets it.
get "$BASE"
get "$HEAD"
[ -z "$PULL_REQUEST" ] || get "pull/$PULL_REQUEST/head" "$HEAD"
has "$BASE" || not_measured 2 "the base could not be fetched"
has "$HEAD" || not_measured 2 "the head could not be fetched; if a later push replaced it, the check of that one counts"
if [ "$(git rev-parse HEAD)" != "$(git rev-parse "$BASE^{commit}")" ]; then
    not_measured 2 "check out the base, whose kaizen.toml, benchmark and programs judge the pull request (the guide shows how)"
fi
if [ "$MERGE_BASE" = true ] && [ "$(git rev-parse --is-shallow-repository)" = true ]; then
    git fetch --quiet --no-tags --unshallow origin "$BASE" "$HEAD" \
        || not_measured 2 "the history could not be fetched (actions/checkout gets it with fetch-depth: 0)"
fi

arguments=(check --base "$BASE" --head "$HEAD" --format json)
[ "$MERGE_BASE" = false ] || arguments+=(--merge-base)
[ -z "$TRUST" ] || arguments=(--trust "$TRUST" "${arguments[@]}")
[ -z "$MAX_COST_USD" ] || arguments+=(--max-cost-usd "$MAX_COST_USD")
[ -z "$MAX_ATTEMPTS" ] || arguments+=(--max-attempts "$MAX_ATTEMPTS")
code=0
GITHUB_STEP_SUMMARY=$page "$KAIZEN" "${arguments[@]}" > "$RUNNER_TEMP/kaizen.json" 2> "$RUNNER_TEMP/kaizen.err" || code=$?
# With words before it, no line is a command for the runner.
sed 's/^/kaizen: /' "$RUNNER_TEMP/kaizen.err" >&2
case $code in
    0 | 3 | 5)
        verdict=$(sed -n 's/.*"verdict":"\([a-z_]*\)".*/\1/p' "$RUNNER_TEMP/kaizen.json")
        [ -n "$verdict" ] || not_measured 1
        end "$verdict" "$code"
        ;;
    *) not_measured "$code" ;;
esac
