#!/bin/bash
# Keeps one comment with the verdict in the pull request: replaces it if it is there.
# Environment: GH_TOKEN, REPOSITORY, PULL_REQUEST, RUNNER_TEMP.
set -euo pipefail
mark='<!-- kaizen check -->'
body=$RUNNER_TEMP/kaizen-comment.md
{ echo "$mark"; cat "$RUNNER_TEMP/kaizen.md"; } > "$body"
# Only a comment of this job's own account: anybody can write the mark.
mine="map(select(.user.login == \"github-actions[bot]\" and (.body | startswith(\"$mark\")))) | .[0].id // empty"
found=$(gh api "repos/$REPOSITORY/issues/$PULL_REQUEST/comments" --paginate --jq "$mine" | head -n 1)
if [ -n "$found" ]; then
    gh api --silent -X PATCH "repos/$REPOSITORY/issues/comments/$found" -F "body=@$body"
else
    gh api --silent "repos/$REPOSITORY/issues/$PULL_REQUEST/comments" -F "body=@$body"
fi
